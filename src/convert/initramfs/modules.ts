// SPDX-License-Identifier: Apache-2.0
// Kernel modules as depmod lists them: modules.dep and modules.builtin (kmod: modules.dep(5)).
import type { GuestView } from "../../core/index.ts";

export type Modules = {
  /** `builtin`, `module`, or `absent` from this kernel. */
  place(name: string): "builtin" | "module" | "absent";
  /** A module and all that it needs, in loading order, itself last; names with underscores. */
  withDependencies(name: string): readonly string[];
  /** Its file as modules.dep has it (`kernel/drivers/block/virtio_blk.ko.xz`, absolute in old ones); null: none. */
  path(name: string): string | null;
};

/** A kernel release that can be part of a path. */
export const isRelease = (version: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,126}$/.test(version);

/** `virtio_blk` of `kernel/drivers/block/virtio-blk.ko.xz`; kmod treats dashes and underscores alike. */
export function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return file.replace(/\.ko(\.(gz|xz|zst|bz2))?$/, "").replaceAll("-", "_");
}

const LIMIT = { maxBytes: 16 * 2 ** 20 };

/** null: the kernel has no list of modules. */
export async function readModules(
  view: GuestView,
  version: string,
  directory = `/lib/modules/${version}`,
): Promise<Modules | null> {
  if (!isRelease(version)) return null;
  const dep = await view.readText(`${directory}/modules.dep`, LIMIT);
  const builtin = await view.readText(`${directory}/modules.builtin`, LIMIT);
  return dep === null && builtin === null ? null : parseModules(dep ?? "", builtin ?? "");
}

export function parseModules(dep: string, builtin: string): Modules {
  const needs = new Map<string, readonly string[]>();
  const paths = new Map<string, string>();
  for (const line of dep.split("\n")) {
    const at = line.indexOf(":");
    if (at === -1) continue;
    const others = line
      .slice(at + 1)
      .split(" ")
      .filter((path) => path !== "");
    const path = line.slice(0, at).trim();
    needs.set(moduleName(path), others.map(moduleName));
    paths.set(moduleName(path), path);
  }
  const builtins = new Set(
    builtin
      .split("\n")
      .filter((line) => line !== "")
      .map(moduleName),
  );
  return {
    place(name) {
      const known = name.replaceAll("-", "_");
      return needs.has(known) ? "module" : builtins.has(known) ? "builtin" : "absent";
    },
    withDependencies(name) {
      const known = name.replaceAll("-", "_");
      // All that is needed, directly or not, is listed: what needs less can be loaded earlier.
      const depth = (module: string): number => needs.get(module)?.length ?? 0;
      const others = (needs.get(known) ?? []).filter((module) => module !== known);
      return [...new Set([...others.toSorted((a, b) => depth(a) - depth(b)), known])];
    },
    path: (name) => paths.get(name.replaceAll("-", "_")) ?? null,
  };
}
