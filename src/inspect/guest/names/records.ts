// SPDX-License-Identifier: Apache-2.0
// Records that the old system kept of its disks: a device name beside the UUID that it had then.
import type { Claim, GuestView } from "../../../core/index.ts";

const MAX_FILES = 50;
const MAX_BYTES = 4 * 2 ** 20;
const MAX_RECORDS = 500;

export async function readRecords(view: GuestView): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  const take = async (from: string, parse: (text: string) => Iterable<Record>): Promise<void> => {
    const text = await view.readText(from, { maxBytes: MAX_BYTES }).catch((error: unknown) => {
      if (error instanceof RangeError || error instanceof TypeError) return null;
      throw error;
    });
    for (const { spec, uuid } of text === null ? [] : parse(text))
      if (claims.length < MAX_RECORDS)
        claims.push({ spec, from, wants: { kind: "uuid", uuid }, firm: false });
  };
  const groups = await view.list("/etc/lvm/backup").catch(() => []);
  for (const name of groups.slice(0, MAX_FILES)) await take(`/etc/lvm/backup/${name}`, parseLvmBackup);
  await take("/etc/lvm/devices/system.devices", parseLvmDevices);
  for (const path of ["/etc/blkid.tab", "/etc/blkid/blkid.tab", "/var/lib/blkid/blkid.tab"])
    await take(path, parseBlkidTab);
  return claims;
}

type Record = { readonly spec: string; readonly uuid: string };

/** lvm.conf(5), vgcfgbackup(8): `id = "UUID"` then `device = "/dev/sda2"	# Hint only`, in each physical volume. */
export function* parseLvmBackup(text: string): Generator<Record> {
  const volumes = /\bphysical_volumes[ \t]*\{([^]*?)\n\t\}/.exec(text)?.[1] ?? "";
  for (const [, uuid = "", spec = ""] of volumes.matchAll(
    /\bid[ \t]*=[ \t]*"([A-Za-z0-9-]{32,38})"\s+device[ \t]*=[ \t]*"(\/dev\/[^"\s]{1,200})"/g,
  ))
    yield { spec, uuid };
}

/** lvmdevices(8): `IDTYPE=sys_wwid IDNAME=... DEVNAME=/dev/sda2 PVID=... PART=2`. */
export function* parseLvmDevices(text: string): Generator<Record> {
  for (const [, spec = "", uuid = ""] of text.matchAll(
    /\bDEVNAME=(\/dev\/\S{1,200})[ \t]+PVID=([A-Za-z0-9]{32})\b/g,
  ))
    yield { spec, uuid };
}

/** libblkid's cache file, kept on disk by systems before /run: `<device DEVNO="0x0801" UUID="..." TYPE="ext3">/dev/sda1</device>`. */
export function* parseBlkidTab(text: string): Generator<Record> {
  for (const [, attributes = "", spec = ""] of text.matchAll(
    /<device ([^>\n]{1,1000})>(\/dev\/[^<\s]{1,200})<\/device>/g,
  )) {
    const uuid = /(?:^|[ \t])UUID="([^"]{4,64})"/.exec(attributes)?.[1];
    if (uuid !== undefined) yield { spec, uuid };
  }
}
