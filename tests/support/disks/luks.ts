// SPDX-License-Identifier: Apache-2.0
// LUKS volumes made of plain ones, without device-mapper: cryptsetup makes the header on a file, and what lies behind is
// encrypted here, by code of its own. Only what is told to be in use is written; the rest stays as a new disk is.
import { createCipheriv, createHash } from "node:crypto";
import { open, rm, truncate } from "node:fs/promises";
import type { Range } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";

export const PASSPHRASE = "correct horse Battery=9 {staple}";

export type LuksOptions = {
  readonly type?: "luks1" | "luks2";
  readonly sectorBytes?: 512 | 4096;
  readonly cipher?: "aes-xts-plain64" | "aes-cbc-essiv:sha256";
  readonly keyBits?: number;
  readonly passphrase?: string | Uint8Array;
  readonly uuid?: string;
  /** Of the plain volume, what is worth writing. Default: all. */
  readonly used?: readonly Range[];
};

/** Makes `luks`, larger than `plain` by its header. Gives the header's size. */
export async function encryptVolume(
  plain: { readonly path: string; readonly sizeBytes: number },
  luks: string,
  options: LuksOptions = {},
): Promise<number> {
  const { type = "luks2", sectorBytes = 512, cipher = "aes-xts-plain64", uuid, used } = options;
  const key =
    typeof options.passphrase === "object" ? options.passphrase : (options.passphrase ?? PASSPHRASE);
  const headerBytes = (type === "luks1" ? 2 : 16) * 2 ** 20;
  await rm(luks, { force: true });
  await (await open(luks, "wx", 0o600)).close();
  await truncate(luks, headerBytes + plain.sizeBytes);
  const format = ["cryptsetup", "luksFormat", "--batch-mode", "--type", type, "--cipher", cipher];
  format.push("--key-size", `${options.keyBits ?? (cipher.includes("xts") ? 512 : 256)}`, "--key-file", "-");
  // Hashing that takes a second on purpose would take minutes in an emulated VM.
  format.push("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000");
  if (type === "luks2") format.push("--sector-size", `${sectorBytes}`);
  if (uuid !== undefined) format.push("--uuid", uuid);
  await run([...format, luks], { input: key });
  const volumeKey = await volumeKeyOf(luks, key);
  await using from = await open(plain.path, "r");
  await using to = await open(luks, "r+");
  const step = 2 ** 20;
  for (const { start, end } of used ?? [{ start: 0, end: plain.sizeBytes }])
    for (let at = start - (start % 4096); at < end; at += step) {
      const bytes = Buffer.alloc(Math.min(step, Math.ceil((end - at) / 4096) * 4096, plain.sizeBytes - at));
      await from.read(bytes, 0, bytes.length, at);
      const hidden = encryptSectors(bytes, { at, cipher, key: volumeKey, sectorBytes });
      await to.write(hidden, 0, hidden.length, headerBytes + at);
    }
  return headerBytes;
}

async function volumeKeyOf(luks: string, key: string | Uint8Array): Promise<Buffer> {
  const argv = ["cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--key-file", "-", luks];
  const { stdout } = await run(argv, { input: key });
  return Buffer.from((stdout.split("MK dump:")[1] ?? "").replaceAll(/\s/g, ""), "hex");
}

type Sectors = {
  readonly at: number;
  readonly cipher: string;
  readonly key: Buffer;
  readonly sectorBytes: number;
};

function encryptSectors(bytes: Buffer, { at, cipher, key, sectorBytes }: Sectors): Buffer {
  const salt = createHash("sha256").update(key).digest();
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += sectorBytes) {
    const number = Buffer.alloc(16);
    number.writeBigUInt64LE(BigInt((at + offset) / 512));
    const sector = bytes.subarray(offset, offset + sectorBytes);
    const isXts = cipher === "aes-xts-plain64";
    const vector = isXts ? number : createCipheriv("aes-256-ecb", salt, null).update(number);
    const name = isXts ? `aes-${key.length * 4}-xts` : `aes-${key.length * 8}-cbc`;
    parts.push(createCipheriv(name, key, vector).update(sector));
  }
  return Buffer.concat(parts);
}
