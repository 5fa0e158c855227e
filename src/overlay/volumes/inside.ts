// SPDX-License-Identifier: Apache-2.0
// The inside of an opened LUKS volume, writable as a whole: by dm-crypt where the kernel has it, else by QEMU, behind a
// header of our own. Volume keys go to the kernel by stdin and to QEMU by a file that is gone when it runs.
import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OpenedCrypt } from "../../core/index.ts";
import { createMapped, hasMapperTargets } from "../../system/index.ts";
import { openDecrypted } from "./composed.ts";
import { HEADER_BYTES, makeLuks1Header } from "./luks1-header.ts";

export type Inside =
  /** A block device, or a file that reads and writes as one. */
  (AsyncDisposable & { readonly path: string }) | { readonly unavailable: string };

type Options = {
  /** The block device that shows all of the LUKS volume. */
  readonly device: string;
  readonly crypt: OpenedCrypt;
  /** An own one of the run. */
  readonly directory: string;
  readonly mappedName: string;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
};

const SECTOR = 512;

export async function openInside(options: Options): Promise<Inside> {
  if (await hasMapperTargets(["crypt"])) return await mapInside(options);
  const { sectorBytes } = options.crypt.format;
  if (sectorBytes === SECTOR) return await exportInside(options);
  return {
    unavailable: `it is encrypted in sectors of ${sectorBytes} bytes, and this kernel has no device-mapper to decrypt them; the live CD has`,
  };
}

async function mapInside({ device, crypt, mappedName, readOnly, signal }: Options): Promise<Inside> {
  const { cipher, payload, sectorBytes } = crypt.format;
  const key = Buffer.from(crypt.volumeKey.reveal()).toString("hex");
  const size = sectorBytes === SECTOR ? "" : ` 1 sector_size:${sectorBytes}`;
  // Documentation/admin-guide/device-mapper/dm-crypt.rst: cipher, key, first sector's number, device, offset, options.
  const table = `crypt ${cipher} ${key} 0 ${device} ${payload.start / SECTOR}${size}`;
  const targets = [{ sectors: (payload.end - payload.start) / SECTOR, table }];
  return await createMapped(mappedName, { targets, readOnly, signal });
}

async function exportInside(options: Options): Promise<Inside> {
  const { device, crypt, directory, mappedName, readOnly, signal } = options;
  const { cipher, payload, sectorBytes } = crypt.format;
  const sizeBytes = payload.end - payload.start;
  const passphrase = randomBytes(32).toString("hex");
  const header = join(directory, `${mappedName}.luks`);
  const secret = join(directory, `${mappedName}.secret`);
  const bytes = makeLuks1Header(cipher, crypt.volumeKey.reveal(), Buffer.from(passphrase));
  try {
    await writeFile(header, bytes, { flag: "wx", mode: 0o600 });
    await writeFile(secret, passphrase, { flag: "wx", mode: 0o600 });
    const pieces = [
      { path: header, sizeBytes: HEADER_BYTES },
      { path: device, sizeBytes, start: payload.start },
    ];
    const about = { number: 0, path: crypt.node, kind: "device", sizeBytes, sectorBytes } as const;
    const named = { directory, name: mappedName, disk: about, readOnly, signal };
    return await openDecrypted(pieces, { ...named, secret });
  } finally {
    await rm(secret, { force: true }); // without it the header opens nothing
  }
}
