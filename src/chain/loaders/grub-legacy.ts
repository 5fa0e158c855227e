// SPDX-License-Identifier: Apache-2.0
// GRUB legacy (0.97, its manual): the default entry of menu.lst or grub.conf. Also what pygrub reads of a Xen guest.
import { parseGrubDevice } from "../../core/index.ts";
import { type LoaderFound, noCountdown, type Waits } from "../entry.ts";
import { firstThere, type Ground, notReadToEnd, readMenuText, readTextOr } from "../ground.ts";
import { firmwareOrder, pathsIn, placeOf } from "../places.ts";
import { fileSystemOf } from "./on-disk.ts";

const MENUS = ["/boot/grub/menu.lst", "/boot/grub/grub.conf"];

export async function readGrubLegacy(ground: Ground): Promise<LoaderFound | null> {
  for (const path of MENUS) {
    const text = await readMenuText(ground.view, path);
    if (text !== null) return await readMenu(text, path, ground);
  }
  return null;
}

type Entry = {
  readonly title: string;
  readonly device: string | null;
  readonly kernel: string | null;
  readonly words: string;
  readonly initramfs: string | null;
  /** Behind Xen's hypervisor. */
  readonly hypervisor: string | null;
  readonly chainloader: boolean;
  /** `lock` asks for the password of the menu; `password` for one of its own. */
  readonly lock: "none" | "menu" | "own";
};

const title = "GRUB legacy";

async function readMenu(text: string, path: string, ground: Ground): Promise<LoaderFound> {
  const menu = parseMenu(text, path);
  const { entries, chosen: plain, isSaved } = menu;
  const saved = isSaved
    ? /^\s*(\d{1,3})/.exec((await readTextOr(ground.view, "/boot/grub/default")) ?? "")?.[1]
    : undefined;
  const chosen = saved === undefined ? plain : Number(saved);
  const entry = entries[chosen] ?? entries[0];
  const advice = `Correct ${path} on the machine, and plan again`;
  if (entry === undefined)
    return { kind: "broken", title, menu: path, why: `the menu ${path} has no entry`, advice };
  if (entry.kernel === null)
    return entry.chainloader
      ? { kind: "unknown", title, why: `its default entry "${entry.title}" starts another loader` }
      : {
          kind: "broken",
          title,
          menu: path,
          why: `its default entry "${entry.title}" loads no kernel`,
          advice,
        };
  const node = deviceNode(entry, ground, path);
  if (node === null)
    return {
      kind: "broken",
      title,
      menu: path,
      why: `its default entry "${entry.title}" loads from ${entry.device ?? "a device"}, which the VM does not have`,
      advice,
    };
  const find = (file: string): Promise<string | null> =>
    firstThere(ground.view, pathsIn(ground.guest, node, file.replace(/^\([^)]*\)/, "")));
  return {
    kind: "entry",
    title,
    menu: path,
    waits: whatItWaitsFor(entry, menu),
    entry: {
      title: entry.title,
      kernel: await find(entry.kernel),
      kernelWords: entry.kernel,
      words: entry.words,
      initramfs:
        entry.initramfs === null ? [] : [{ named: entry.initramfs, path: await find(entry.initramfs) }],
      hypervisor: entry.hypervisor,
      unified: false,
    },
  };
}

/** `root (hd0,0)`, `uuid UUID` of Debian and Ubuntu, or where the menu itself lies. */
function deviceNode({ device, kernel }: Entry, ground: Ground, menu: string): string | null {
  const { intent, vm, guest } = ground;
  const named = /^\(([^)]*)\)/.exec(kernel ?? "")?.[0] ?? device;
  if (named === null) return placeOf(guest, menu).node;
  const parsed = parseGrubDevice(named, { legacy: true });
  if (parsed?.kind !== "hardware" || parsed.disk.by !== "firmware")
    return (
      intent.storage.nodes.find(({ holds }) => holds.kind === "filesystem" && holds.uuid === named)?.id ??
      null
    );
  const disk = firmwareOrder(vm, intent)[parsed.disk.index];
  return disk === undefined ? null : fileSystemOf(intent.storage, disk, parsed.partition);
}

/** Its manual, "Security" and "timeout". */
function whatItWaitsFor({ lock, title: entry }: Entry, { hasPassword, timeout }: Menu): Waits | null {
  if (lock === "own" || (lock === "menu" && hasPassword))
    return {
      why: `GRUB asks for a password before it starts "${entry}", and waits at the console until somebody types it`,
      advice: "Type it at the VM's console at each start; or take lock and password out of that entry",
    };
  return /^\d/.test(timeout) ? null : noCountdown(timeout);
}

const MAX_LINES = 20_000;

type Menu = {
  readonly entries: readonly Entry[];
  readonly chosen: number;
  readonly isSaved: boolean;
  /** For the menu as a whole. */
  readonly hasPassword: boolean;
  /** Empty: none, and it waits. */
  readonly timeout: string;
};

/** Pure. `default saved` means the number in /boot/grub/default. */
function parseMenu(text: string, path: string): Menu {
  const entries: Entry[] = [];
  let chosen = 0;
  let isSaved = false;
  let hasPassword = false;
  let timeout = "";
  const lines = text.split("\n", MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw notReadToEnd(path, `more than ${MAX_LINES} lines`);
  for (const raw of lines) {
    const line = raw.trim();
    const [, word = "", rest = ""] = /^([A-Za-z]+)[ \t=]*(.*)$/.exec(line) ?? [];
    if (word.toLowerCase() === "default" && rest === "saved") isSaved = true;
    if (word.toLowerCase() === "default" && entries.length === 0)
      chosen = /^\d+$/.test(rest) ? Number(rest) : 0;
    if (entries.length === 0 && word.toLowerCase() === "password") hasPassword = true;
    if (entries.length === 0 && word.toLowerCase() === "timeout") timeout = rest;
    if (word.toLowerCase() === "title") entries.push({ title: rest, ...EMPTY });
    const entry = entries.at(-1);
    if (entry !== undefined) entries[entries.length - 1] = withCommand(entry, word.toLowerCase(), rest);
  }
  return { entries, chosen, isSaved, hasPassword, timeout };
}

const EMPTY = {
  device: null,
  kernel: null,
  words: "",
  initramfs: null,
  hypervisor: null,
  chainloader: false,
  lock: "none" as const,
};

function withCommand(entry: Entry, command: string, rest: string): Entry {
  const [path = "", ...words] = rest.split(/[ \t]+/).filter((word) => !word.startsWith("--"));
  switch (command) {
    case "root":
    case "rootnoverify":
    case "uuid":
      return { ...entry, device: path };
    case "kernel":
      return /xen[^/]*(?:\.gz)?$/.test(path) && !/vmlinu/.test(path)
        ? { ...entry, hypervisor: path }
        : { ...entry, kernel: path, words: words.join(" ") };
    case "module":
      return entry.kernel === null
        ? { ...entry, kernel: path, words: words.join(" ") }
        : { ...entry, initramfs: path };
    case "initrd":
      return { ...entry, initramfs: path };
    case "chainloader":
      return { ...entry, chainloader: true };
    case "lock":
      return { ...entry, lock: "menu" };
    case "password":
      return { ...entry, lock: "own" };
    default:
      return entry;
  }
}
