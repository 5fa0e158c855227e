// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso kickstart: the same live system as a kickstart for livecd-creator, on Fedora, RHEL and their relatives.
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeProgramTree, type Given } from "./program.ts";
import { commonWords } from "./pxe.ts";
import { LIVECD_DIRECTORY, type ListedPackage, parsePackages } from "./recipe.ts";

export type IsoKickstartOptions = Given & {
  readonly out: string;
  readonly version: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

/** Writes virt-p2v.ks, customize and program/ into the directory `out`. */
export async function writeKickstart(options: IsoKickstartOptions): Promise<readonly string[]> {
  const { version, say, signal } = options;
  const out = resolve(options.out);
  const read = (name: string): Promise<string> => readFile(join(LIVECD_DIRECTORY, name), "utf8");
  const names = parseNames(await read("kickstart/packages"));
  const kickstart = renderKickstart(await read("kickstart/virt-p2v.ks"), {
    packages: fedoraPackages(parsePackages(await read("packages")), names),
    words: commonWords(await read("boot/grub.cfg")),
  });
  await mkdir(dirname(out), { recursive: true });
  const scratch = await mkdtemp(join(dirname(out), ".p2v-kickstart-"));
  try {
    say("Packing the program");
    const program = await makeProgramTree({ given: options, scratch, version, withNode: true, signal });
    await mkdir(out, { recursive: true });
    await rm(join(out, "program"), { recursive: true, force: true });
    await rename(program, join(out, "program")).catch(() =>
      cp(program, join(out, "program"), { recursive: true }),
    );
    await copyFile(join(LIVECD_DIRECTORY, "customize"), join(out, "customize"));
    await writeFile(join(out, "virt-p2v.ks"), kickstart);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  say(`In ${out}, on Fedora or a relative: livecd-creator --config=virt-p2v.ks --fslabel=VIRT-P2V`);
  return ["virt-p2v.ks", "customize", "program"].map((name) => join(out, name));
}

/** Lines of livecd/kickstart/packages: names there by name in Debian. */
export function parseNames(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const line of text.split("\n")) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [debian = "", ...others] = line.trim().split(/\s+/);
    names.set(debian, others[0] === "-" ? [] : others);
  }
  return names;
}

export function fedoraPackages(
  listed: readonly ListedPackage[],
  names: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  return [...new Set(listed.flatMap(({ name }) => names.get(name) ?? [name]))];
}

export function renderKickstart(
  template: string,
  { packages, words }: { packages: readonly string[]; words: string },
): string {
  return template.replace("@PACKAGES@", packages.join("\n")).replace("@COMMON@", words);
}
