// SPDX-License-Identifier: Apache-2.0
// Whether cloud-init set this machine up, and would do so again in the VM: its files, as cloudinit/stages.py and ds-identify read
// them (cloud-init 22.4). Where its data source is gone, it writes DHCP on the first card over what the machine had.
import type { CloudInit, GuestView } from "../../../core/index.ts";
import { readFiles, readSmall } from "./source.ts";

const PROGRAMS = [
  "/usr/bin/cloud-init",
  "/usr/lib/cloud-init/ds-identify",
  "/usr/libexec/cloud-init/ds-identify",
];
const SERVICE = "/etc/systemd/system/cloud-init.service";

/** null: it is not there, is switched off, or never set this machine up. */
export async function readCloudInit(view: GuestView): Promise<CloudInit | null> {
  if ((await view.resolve("/var/lib/cloud/instance")) === null) return null;
  if ((await view.resolve("/etc/cloud/cloud-init.disabled")) !== null) return null;
  const unit = await view.state(SERVICE).catch(() => null);
  if (unit?.kind === "link" && unit.target === "/dev/null") return null;
  const programs = await Promise.all(PROGRAMS.map((path) => view.resolve(path)));
  if (programs.every((path) => path === null)) return null;
  const record = (await readSmall(view, "/var/lib/cloud/instance/datasource")) ?? "";
  const parts = await readFiles(view, "/etc/cloud/cloud.cfg.d", /\.cfg$/);
  const main = (await readSmall(view, "/etc/cloud/cloud.cfg")) ?? "";
  const texts = [main, ...parts.map(({ text }) => text)];
  return {
    source: /^DataSource(\w{1,40})/.exec(record)?.[1] ?? null,
    leavesNetwork: lastOf(texts, networkIsLeft) ?? false,
    keepsInstance: lastOf(texts, instanceIsKept) ?? false,
  };
}

/** Later files win. */
function lastOf(texts: readonly string[], says: (text: string) => boolean | null): boolean | null {
  return texts.reduce<boolean | null>((before, text) => says(text) ?? before, null);
}

/** `network: {config: disabled}` in flow or block style; null: the file says nothing of the network. Pure. */
function networkIsLeft(text: string): boolean | null {
  if (!/^network[ \t]*:/m.test(text)) return null;
  return /^network[ \t]*:[ \t]*(?:\{[ \t]*|(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n){0,100}[ \t]+)config[ \t]*:[ \t]*["']?disabled\b/m.test(
    text,
  );
}

function instanceIsKept(text: string): boolean | null {
  const value = /^manual_cache_clean[ \t]*:[ \t]*["']?(\w+)/m.exec(text)?.[1];
  return value === undefined ? null : /^(?:true|yes|on|1)$/i.test(value);
}
