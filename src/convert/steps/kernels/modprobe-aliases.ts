// SPDX-License-Identifier: Apache-2.0
// Aliases that tie a card or controller to a driver. Red Hat's mkinitrd puts scsi_hostadapter* into every initramfs, so
// the next kernel needs the VM's driver there too; alias ethN decides which card gets the name.
import { devicesFor, type GuestOS, type GuestView, type Intent } from "../../../core/index.ts";
import { step } from "../step.ts";
import { readModules } from "../../initramfs/modules.ts";
import { mapLines, withNewline } from "../../text/lines.ts";

/** As in virt-v2v (convert_linux.ml): old systems have one of these files, newer ones a directory. */
const FILES = ["/etc/modprobe.conf", "/etc/modprobe.conf.local", "/etc/modules.conf", "/etc/conf.modules"];
const DIRECTORY = "/etc/modprobe.d";

export type AliasDrivers = { readonly net: string; readonly block: string };

export const modprobeAliases = step(
  {
    name: "modprobe-aliases",
    explains: "Points the aliases ethN and scsi_hostadapter in modprobe's files to the VM's drivers",
  },
  async ({ view, guest, intent, draft }) => {
    const names = await view.list(DIRECTORY);
    const paths = [...FILES, ...names.map((name) => `${DIRECTORY}/${name}`)];
    const named: string[] = [];
    for (const path of paths)
      if (ALIAS_IN_TEXT.test((await draft.read(path, { severity: "notes" })) ?? "")) named.push(path);
    const drivers = named.length === 0 ? null : await vmDrivers(view, guest, intent);
    const seen = { adapter: false };
    for (const path of named)
      await draft.edit(path, {
        why: "The VM's disks and network cards need other drivers than the old machine's",
        edit: (text) => (drivers === null ? text : renderAliases(text, drivers, seen)),
      });
  },
);

/** Those that the newest bootable kernel has; null: none of them, which prove reports. */
async function vmDrivers(view: GuestView, guest: GuestOS, intent: Intent): Promise<AliasDrivers | null> {
  const kernel = guest.kernels.find(({ bootable }) => bootable);
  const modules = kernel === undefined ? null : await readModules(view, kernel.version);
  if (modules === null) return null;
  const pairs: readonly AliasDrivers[] = [
    { net: "xen-netfront", block: "xen-blkfront" },
    { net: "xennet", block: "xenblk" }, // RHEL 5's kernel-xen
    { net: "virtio_net", block: "virtio_blk" },
    { net: "e1000", block: devicesFor(guest).machine === "pc" ? "ata_piix" : "ahci" }, // what the VM has then
  ];
  const wanted = intent.hypervisor === "xen" ? pairs : pairs.slice(2);
  const has = (name: string): boolean => modules.place(name) === "module";
  return wanted.find(({ net, block }) => has(net) && has(block)) ?? null;
}

const ALIAS = /^([ \t]*alias[ \t]+)(eth\d{1,3}|scsi_hostadapter\d{0,3})([ \t]+)([^ \t\r\n#]+)/;
const ALIAS_IN_TEXT = /^[ \t]*alias[ \t]+(eth\d|scsi_hostadapter)/m;
/** Aliases that do not mean a card of the machine. */
const NO_DRIVER = /^(off|bonding|8021q|bridge|dummy|tun)$/;

/** modprobe.conf(5). The first adapter becomes the VM's, others become comments; all else stays. Pure. */
export function renderAliases(
  text: string,
  { net, block }: AliasDrivers,
  seen: { adapter: boolean },
): string {
  const has = new RegExp(`^[ \\t]*alias[ \\t]+scsi_hostadapter\\d*[ \\t]+${block}\\b`, "m").test(text);
  seen.adapter ||= has;
  const out = mapLines(text, (line) => {
    const match = ALIAS.exec(line);
    const [all = "", head = "", name = "", gap = "", driver = ""] = match ?? [];
    if (match === null || NO_DRIVER.test(driver)) return line;
    const rest = line.slice(all.length);
    if (name.startsWith("eth")) return driver === net ? line : `${head}${name}${gap}${net}${rest}`;
    if (driver === block) return line;
    if (seen.adapter) return withNewline(`# virt-p2v: not in the VM: ${line}`);
    seen.adapter = true;
    return `${head}scsi_hostadapter${gap}${block}${rest}`;
  });
  return out;
}
