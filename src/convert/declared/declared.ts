// SPDX-License-Identifier: Apache-2.0
// NixOS and Guix write their files from one configuration, into a store that nobody changes: what steps would change there is
// reported, with the lines of the configuration that must change instead.
import { type GuestView, isHardwareName, makeProblem, type Problem, type Subject } from "../../core/index.ts";
import { readQuietly } from "../text/read-quietly.ts";
import { splitLines } from "../text/lines.ts";

/** It writes its files anew from its configuration: what is changed beside that would be lost, or stand against it. */
export const isDeclared = (id: string): boolean => id === "nixos" || id === "guix";

export const isInStore = (path: string): boolean => /^\/(?:nix|gnu)\/store(?:\/|$)/.test(path);

type Kind = {
  readonly title: string;
  readonly directories: readonly string[];
  readonly ending: RegExp;
  readonly rebuild: string;
  readonly drivers: string;
};

const NIXOS: Kind = {
  title: "NixOS",
  directories: ["/etc/nixos"],
  ending: /\.nix$/,
  rebuild: "nixos-rebuild boot",
  drivers: '"virtio_pci" "virtio_blk" in boot.initrd.availableKernelModules',
};
const GUIX: Kind = {
  title: "Guix",
  directories: ["/etc", "/etc/guix"],
  ending: /\.scm$/,
  rebuild: "guix system reconfigure",
  drivers: '"virtio_pci" "virtio_blk" in initrd-modules',
};

const MAX_FILES = 100;
const MAX_LINES = 50;

type Line = Extract<Subject, { kind: "line" }>;

/** `refused`: paths that steps wanted to change. null: the system is none of these. */
export async function declaredProblem(
  view: GuestView,
  { id, refused }: { readonly id: string; readonly refused: readonly string[] },
): Promise<Problem | null> {
  const kind = id === "nixos" ? NIXOS : id === "guix" ? GUIX : null;
  if (kind === null && refused.length === 0) return null;
  const { title, rebuild, drivers } = kind ?? NIXOS;
  const { lines, texts } = await readLines(view, kind ?? NIXOS);
  const lacks = texts.length > 0 && !texts.some((text) => /virtio_blk|qemu-guest\.nix/.test(text));
  // Without fstab the boot would end: its volumes are named in the initramfs, too.
  const stops = refused.some((path) => path.endsWith("/fstab"));
  if (!stops && lines.length === 0 && refused.length === 0 && !lacks) return null;
  const shown = lines.slice(0, 5).map(({ path, line, name }) => `${path}:${line} (${name})`);
  const more = lines.length > 5 ? ` and ${lines.length - 5} more` : "";
  const names = lines.length === 0 ? "" : `; the old machine is named in ${shown.join(", ")}${more}`;
  const text =
    lines.length === 0 && refused.length === 0
      ? `${title} builds its initramfs from its configuration, which names no virtio: it may not find the VM's disk`
      : `${title} writes its files from its configuration, and nothing of them is changed here${names}`;
  return makeProblem("declared-system", {
    severity: stops ? "stops" : "warns",
    about: [...lines, ...refused.map((path) => ({ kind: "file", of: "guest", path }) as const)],
    text,
    advice: `Before, on the machine: name volumes by UUID in its configuration${lacks ? `, add ${drivers}` : ""}, and run ${rebuild}; then plan again, or copy it with --as-is`,
  });
}

async function readLines(
  view: GuestView,
  { directories, ending }: Kind,
): Promise<{ lines: readonly Line[]; texts: readonly string[] }> {
  const lines: Line[] = [];
  const texts: string[] = [];
  for (const directory of directories)
    for (const name of await filesBelow(view, directory, ending)) {
      const path = `${directory}/${name}`;
      const text = await readQuietly(view, path, { maxBytes: 2 ** 20 });
      if (text === null) continue;
      texts.push(text);
      for (const [index, line] of splitLines(text).entries()) {
        const found = /^[ \t]*[#;]/.test(line) ? undefined : hardwareIn(line);
        if (found !== undefined) lines.push({ kind: "line", path, line: index + 1, name: found });
        if (lines.length >= MAX_LINES) return { lines, texts };
      }
    }
  return { lines, texts };
}

const hardwareIn = (line: string): string | undefined =>
  line
    .slice(0, 4096)
    .match(/\/dev\/[A-Za-z0-9/_.:+-]+/g)
    ?.find(isHardwareName);

async function filesBelow(view: GuestView, directory: string, ending: RegExp): Promise<readonly string[]> {
  const names = await view.list(directory).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
  return names.filter((name) => ending.test(name)).slice(0, MAX_FILES);
}
