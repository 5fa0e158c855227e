// SPDX-License-Identifier: Apache-2.0
// Where the first program goes on to: a VM that ends in a shell of one user, without network and login, is not up.
import { type ChainLink, guestFiles, type Subject } from "../core/index.ts";
import { broken, firstThere, type Ground, listOr, readTextOr } from "./ground.ts";
import { kernelWords } from "./words.ts";

const MENU = "Take that word out of the default entry on the machine, and plan again";

type Fault = { readonly why: string; readonly advice: string; readonly about: readonly Subject[] };

/** `link`: of the first program. `words`: of the default entry; null: not known. */
export async function withGoal(link: ChainLink, words: string | null, ground: Ground): Promise<ChainLink> {
  if (link.verdict === "broken") return link;
  const all = kernelWords(words ?? "");
  const fault = shellFault(all, ground) ?? (await goalFault(all, ground));
  return fault === null ? link : broken("init", { text: link.text, ...fault });
}

/** A shell in the place of all that follows: of the initramfs (initramfs-tools(7), dracut.cmdline(7)), or by `init=`. */
function shellFault(words: readonly string[], { guest }: Ground): Fault | null {
  const breaks = guest.initramfsTool === "dracut" ? /^rd\.?break(?:=|$)/ : /^break(?:=|$)/;
  const word =
    words.find((one) => breaks.test(one)) ??
    words
      .filter((one) => one.startsWith("init="))
      .slice(-1)
      .find((one) => /^init=(?:.*\/)?(?:(?:ba|da|a|k|mk|z)?sh|sulogin)$/.test(one));
  return word === undefined ? null : byWord(word, "it starts a shell, and nothing after it");
}

const byWord = (word: string, why: string): Fault => ({
  why: `the kernel's words say ${word}: ${why}`,
  advice: MENU,
  about: [],
});

async function goalFault(words: readonly string[], ground: Ground): Promise<Fault | null> {
  const { init } = ground.guest;
  if (init === "systemd") return await systemdFault(words, ground);
  if (init !== "sysv" && init !== "upstart") return null;
  const level = words.findLast((word) => /^(?:[1-5sS]|single|emergency|-[bs])$/.test(word));
  if (level !== undefined) return /^[2-5]$/.test(level) ? null : byWord(level, LONELY);
  const inittab = (await readTextOr(ground.view, "/etc/inittab")) ?? "";
  const [, initial] = /^[ \t]*[^#:\s][^:\n]{0,8}:([0-9sS]):initdefault:/m.exec(inittab) ?? [];
  return initial === undefined || !/[016sS]/.test(initial)
    ? null
    : {
        why: `/etc/inittab says runlevel ${initial}: ${initial === "0" || initial === "6" ? "the VM goes off again" : LONELY}`,
        advice: "Correct the line initdefault on the machine, and plan again",
        about: guestFiles("/etc/inittab"),
      };
}

const LONELY = "it comes up for one user, without network and login";
const LONELY_TARGET = /^(?:rescue|emergency|runlevel1|initrd.*)\.target$/;
const ENDING_TARGET = /^(?:poweroff|reboot|halt|kexec|shutdown|runlevel[06])\.target$/;

/** systemd(1) and kernel-command-line(7): the last of these words counts. */
const RUNLEVELS: Readonly<Record<string, string>> = {
  single: "rescue.target",
  rescue: "rescue.target",
  s: "rescue.target",
  S: "rescue.target",
  "-s": "rescue.target",
  "1": "rescue.target",
  emergency: "emergency.target",
  "-b": "emergency.target",
  "2": "multi-user.target",
  "3": "multi-user.target",
  "4": "multi-user.target",
  "5": "graphical.target",
};

async function systemdFault(words: readonly string[], { view }: Ground): Promise<Fault | null> {
  const wanted = words.flatMap((word) => {
    const unit = word.startsWith("systemd.unit=") ? word.slice("systemd.unit=".length) : RUNLEVELS[word];
    // A name without its kind is none, and is passed over.
    return unit !== undefined && /.\.[a-z]+$/.test(unit) ? [{ word, unit }] : [];
  });
  const byKernel = wanted.at(-1);
  const unit = byKernel?.unit ?? "default.target";
  const found = await findUnit(unit, { view });
  if (found.kind === "unknown") return byKernel === undefined ? null : endOf(unit, byKernel.word);
  if (found.kind === "found") {
    const end = [unit, found.name].map((name) => endOf(name, byKernel?.word ?? null)).find(Boolean);
    return end ?? null;
  }
  const why = `${found.why}, so systemd starts rescue.target: ${LONELY}`;
  return byKernel === undefined
    ? {
        why,
        advice: "Set it on the machine (systemctl set-default multi-user.target), and plan again",
        about: guestFiles("/etc/systemd/system/default.target"),
      }
    : byWord(byKernel.word, why);
}

function endOf(unit: string, word: string | null): Fault | null {
  const why = LONELY_TARGET.test(unit) ? LONELY : ENDING_TARGET.test(unit) ? "the VM goes off again" : null;
  if (why === null) return null;
  return word === null
    ? {
        why: `default.target is ${unit}: ${why}`,
        advice: "Set another on the machine (systemctl set-default multi-user.target), and plan again",
        about: guestFiles("/etc/systemd/system/default.target"),
      }
    : byWord(word, why);
}

/** systemd.unit(5), without /run: the first has precedence. */
const DIRECTORIES = [
  "/etc/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];

type Unit =
  | { readonly kind: "found"; readonly name: string }
  | { readonly kind: "lost"; readonly why: string }
  /** No directory of units was seen. */
  | { readonly kind: "unknown" };

async function findUnit(name: string, { view }: Pick<Ground, "view">): Promise<Unit> {
  let isSeen = false;
  for (const directory of DIRECTORIES.slice(2))
    isSeen ||= (await listOr(view, directory)).some((one) => one.endsWith(".target"));
  if (!isSeen) return { kind: "unknown" };
  for (const directory of DIRECTORIES) {
    const path = `${directory}/${name}`;
    const state = await view.state(path).catch(() => null);
    if (state === null || state.kind === "absent") continue;
    if (state.kind !== "link") return { kind: "found", name };
    if (state.target === "/dev/null") return { kind: "lost", why: `${path} is masked` };
    // A link says which unit it means by its last name, wherever that one lies.
    const meant = state.target.slice(state.target.lastIndexOf("/") + 1);
    const there = await firstThere(view, [path, ...DIRECTORIES.map((one) => `${one}/${meant}`)]);
    return there === null
      ? { kind: "lost", why: `${path} is a link to ${state.target}, which is not there` }
      : { kind: "found", name: there.slice(there.lastIndexOf("/") + 1) };
  }
  return { kind: "lost", why: `there is no ${name}` };
}
