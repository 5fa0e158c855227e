// SPDX-License-Identifier: Apache-2.0
// How to make an existing initramfs load a few more modules: each kind has a place for that. Pure.
import type { NewFile } from "./archive.ts";
import type { InitramfsEntry } from "./cpio.ts";

type Entries = ReadonlyMap<string, InitramfsEntry>;

export type Loading = {
  /** For messages: `initramfs-tools`. */
  readonly kind: string;
  /** Files that make it load the modules, with paths that may go through links. */
  readonly files: readonly NewFile[];
  /** nash knows no modprobe: modules lie in /lib and are loaded by their paths. */
  readonly flat: boolean;
};

const MARK = "# Drivers of virtual machines. Written by virt-p2v.";

/** `modules`: names in the order in which they can be loaded. A text: why there is no way. */
export function findLoading(entries: Entries, modules: readonly string[]): Loading | string {
  for (const way of WAYS) {
    const files = way.files(entries, modules);
    if (files !== null) return { kind: way.kind, files, flat: way.flat ?? false };
  }
  return "it is of a kind that virt-p2v does not know";
}

type Way = {
  readonly kind: string;
  readonly flat?: boolean;
  /** null: the initramfs is of another kind. */
  readonly files: (entries: Entries, modules: readonly string[]) => readonly NewFile[] | null;
};

const file = (path: string, text: string, mode = 0o644): NewFile => ({
  path,
  mode,
  content: Buffer.from(text, "latin1"),
});

const textOf = (entries: Entries, path: string): string | null =>
  entries.get(path)?.content?.toString("latin1") ?? null;

/** First that fits. */
const WAYS: readonly Way[] = [
  {
    // load_modules() of its scripts/functions: `modprobe` with each line of /conf/modules.
    kind: "initramfs-tools",
    files(entries, modules) {
      if (!entries.has("scripts/functions") || !entries.has("conf/initramfs.conf")) return null;
      const old = textOf(entries, "conf/modules") ?? "";
      const kept = old === "" || old.endsWith("\n") ? old : `${old}\n`;
      return [file("conf/modules", `${kept}${MARK}\n${modules.join("\n")}\n`)];
    },
  },
  {
    // dracut.modules(7): scripts of hooks are sourced; pre-udev is the first that every version has. Version 004 of RHEL 6
    // has the hooks' directories at the top, 006 and later below lib/dracut/hooks, some current ones below var/lib.
    kind: "dracut",
    files(entries, modules) {
      const hooks = hookDirectory(entries);
      if (hooks === null) return null;
      const lines = modules.map((name) => `modprobe -q ${name} 2> /dev/null || :`);
      return [file(`${hooks}pre-udev/00-p2v.sh`, `#!/bin/sh\n${MARK}\n${lines.join("\n")}\n`, 0o755)];
    },
  },
  {
    // mkinitcpio: /init sources /config and loads $MODULES before its hooks run.
    kind: "mkinitcpio",
    files(entries, modules) {
      const config = textOf(entries, "config");
      if (config === null || !entries.has("init_functions") || !/^MODULES=/m.test(config)) return null;
      const kept = config.endsWith("\n") ? config : `${config}\n`;
      return [file("config", `${kept}${MARK}\nMODULES="$MODULES ${modules.join(" ")}"\n`)];
    },
  },
  {
    // mkinitrd of RHEL 4 and 5: /init is a nash script, which has insmod but no shell syntax.
    kind: "nash",
    flat: true,
    files(entries, modules) {
      const init = textOf(entries, "init");
      if (init === null || !/^#!\/s?bin\/nash/.test(init)) return null;
      const lines = modules.map((name) => `echo "Loading ${name}.ko module"\ninsmod /lib/p2v/${name}.ko\n`);
      // Before the first driver, or before the root is made; devices exist by then.
      const at = /^(?:echo "?Loading [^\n]*\n|insmod |mkrootdev )/m.exec(init)?.index;
      if (at === undefined) return null;
      return [file("init", `${init.slice(0, at)}${lines.join("")}${init.slice(at)}`, 0o755)];
    },
  },
  {
    // systemd-modules-load.service(8), where systemd is the init of the initramfs.
    kind: "systemd",
    files(entries, modules) {
      const service = [...entries.keys()].some((path) => path.endsWith("/systemd-modules-load.service"));
      const loader = [...entries.keys()].some((path) => path.endsWith("systemd/systemd-modules-load"));
      if (!service || !loader) return null;
      return [file("etc/modules-load.d/p2v.conf", `${MARK}\n${modules.join("\n")}\n`)];
    },
  },
  {
    // Any other whose /init is a shell script: ours runs first, then the original.
    kind: "script",
    files(entries, modules) {
      const entry = entries.get("init");
      const init = textOf(entries, "init");
      if (entry?.kind !== "file" || init === null || !/^#! ?\/(usr\/)?bin\/(ba|da|a|)sh\b/.test(init))
        return null;
      const programs = new Set([...entries.keys()].map((path) => path.slice(path.lastIndexOf("/") + 1)));
      if (!programs.has("modprobe") && !programs.has("busybox")) return null;
      const shell = /^#! ?(\S+)/.exec(init)?.[1] ?? "/bin/sh";
      const wrapper = `#!${shell}
${MARK}
PATH=/sbin:/usr/sbin:/bin:/usr/bin
load=modprobe
type modprobe > /dev/null 2>&1 || load="/bin/busybox modprobe"
for module in ${modules.join(" ")}; do $load $module 2> /dev/null; done
exec /init.before-p2v "$@"
`;
      return [file("init.before-p2v", init, 0o755), file("init", wrapper, 0o755)];
    },
  },
];

const HOOKS = "cmdline|pre-udev|pre-trigger|pre-mount|mount|pre-pivot|initqueue|cleanup|emergency|shutdown";

/** With a slash at its end, or empty for the top; null: not made by dracut. */
function hookDirectory(entries: Entries): string | null {
  const nested = new RegExp(`^(.*/hooks/)(?:${HOOKS})(?:/|$)`);
  for (const path of entries.keys()) {
    const found = nested.exec(path)?.[1];
    if (found !== undefined && path.includes("dracut")) return found;
  }
  const old = ["lib/dracut-lib.sh", "usr/lib/dracut-lib.sh"].some((path) => entries.has(path));
  return old && ["cmdline", "pre-udev", "pre-trigger"].some((name) => entries.has(name)) ? "" : null;
}
