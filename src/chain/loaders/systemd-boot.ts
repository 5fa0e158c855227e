// SPDX-License-Identifier: Apache-2.0
// systemd-boot (loader.conf(5), systemd-boot(7)): the entry that its `default` pattern names, else the newest. Unified images
// of EFI/Linux count as entries.
import type { LoaderFound } from "../entry.ts";
import { type Ground, listOr, notReadToEnd, readMenuText } from "../ground.ts";
import { parseEntry, sortEntries } from "./boot-spec.ts";

const title = "systemd-boot";
const MAX_ENTRIES = 1000;

/** `roots`: where EFI system partition and extended boot partition are mounted. */
export async function readSystemdBoot(roots: readonly string[], ground: Ground): Promise<LoaderFound> {
  const { view } = ground;
  const found: { name: string; base: string; path: string; unified: boolean }[] = [];
  let pattern = "";
  for (const base of roots) {
    const conf = (await readMenuText(view, `${base}/loader/loader.conf`)) ?? "";
    pattern ||= /^[ \t]*default[ \t]+(\S{1,200})/m.exec(conf)?.[1] ?? "";
    const entries = (await listOr(view, `${base}/loader/entries`)).filter((name) => name.endsWith(".conf"));
    for (const name of entries)
      found.push({ name, base, path: `${base}/loader/entries/${name}`, unified: false });
    const images = (await listOr(view, `${base}/EFI/Linux`)).filter((name) => /\.efi$/i.test(name));
    for (const name of images) found.push({ name, base, path: `${base}/EFI/Linux/${name}`, unified: true });
    if (found.length > MAX_ENTRIES) throw notReadToEnd(base, `more than ${MAX_ENTRIES} entries`);
  }
  const order = sortEntries(found.map(({ name }) => name));
  const sorted = order.flatMap((name) => found.find((one) => one.name === name) ?? []);
  // `@saved` is in a variable of the old firmware.
  const wanted = pattern.startsWith("@") ? "" : pattern;
  // It drops entries whose files are not there (boot.c, "check existence").
  const there: typeof sorted = [];
  for (const one of sorted) if (one.unified || (await hasKernel(one, ground))) there.push(one);
  const usable = there.length > 0 ? there : sorted;
  const chosen = usable.find(({ name }) => wanted !== "" && matches(name, wanted)) ?? usable[0];
  if (chosen === undefined)
    return {
      kind: "broken",
      title,
      menu: null,
      why: "there is no entry in loader/entries and no image in EFI/Linux",
      advice: "Make entries on the machine (kernel-install add-all, or bootctl), and plan again",
    };
  if (chosen.unified) return unified(chosen.path);
  const {
    kernel,
    efi,
    options,
    initramfs,
    title: shown,
  } = parseEntry((await readMenuText(view, chosen.path)) ?? "");
  if (efi !== null) return unified(`${chosen.base}${efi}`);
  const find = async (file: string): Promise<string | null> => await view.resolve(`${chosen.base}${file}`);
  if (kernel === null)
    return {
      kind: "broken",
      title,
      menu: chosen.path,
      why: `${chosen.path} names no kernel`,
      advice: `Correct ${chosen.path} on the machine, and plan again`,
    };
  return {
    kind: "entry",
    title,
    menu: chosen.path,
    entry: {
      title: shown === "" ? chosen.name : shown,
      kernel: await find(kernel),
      kernelWords: kernel,
      words: options,
      initramfs: await Promise.all(initramfs.map(async (named) => ({ named, path: await find(named) }))),
      hypervisor: null,
      unified: false,
    },
  };
}

async function hasKernel({ base, path }: { base: string; path: string }, { view }: Ground): Promise<boolean> {
  const { kernel, efi } = parseEntry((await readMenuText(view, path)) ?? "");
  const file = kernel ?? efi;
  return file !== null && (await view.resolve(`${base}${file}`)) !== null;
}

const unified = (path: string): LoaderFound => ({
  kind: "entry",
  title,
  menu: path,
  entry: {
    title: path.slice(path.lastIndexOf("/") + 1),
    kernel: path,
    kernelWords: path,
    words: "",
    initramfs: [],
    hypervisor: null,
    unified: true,
  },
});

/** A glob with `*` and `?`, with or without the ending. Many stars would take for ever, and no one writes them. */
function matches(name: string, pattern: string): boolean {
  if (pattern.split("*").length > 6) return false;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const whole = new RegExp(`^${source}$`, "i");
  return whole.test(name) || whole.test(name.replace(/\.(?:conf|efi)$/i, ""));
}
