// SPDX-License-Identifier: Apache-2.0
// The volume key of a LUKS volume by a key that a person gave: Debian's cryptsetup does the hashing, on a copy of the header
// alone. It needs no device, no device-mapper, and never sees the disk. Keys go to it by stdin and come back by stdout.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CryptFormat,
  lastWords,
  type LuksKey,
  type OpenedCrypt,
  Secret,
  UserError,
} from "../../../core/index.ts";
import { RunError, run } from "../../../system/index.ts";
import type { Reader } from "../reader.ts";

/** Hashing is made to be slow; argon2 with a lot of memory on an old machine takes its time, for each key slot. */
const TIMEOUT_MS = 10 * 60_000;
/** cryptsetup(8), exit codes: no permission, which means a wrong passphrase. */
const WRONG_KEY = 2;
const STEP_BYTES = 2 ** 20;

export type Opened = Pick<OpenedCrypt, "volumeKey" | "passphrase">;

type Volume = {
  /** All of the LUKS volume. */
  readonly reader: Reader;
  readonly format: CryptFormat;
  /** For messages. */
  readonly title: string;
  readonly signal: AbortSignal;
};

/** The first of the keys that opens the volume; null: none does. UserError where cryptsetup cannot read the header. */
export async function openLuks(
  keys: readonly LuksKey[],
  { reader, format, title, signal }: Volume,
): Promise<(Opened & { readonly key: LuksKey }) | null> {
  if (keys.length === 0) return null;
  const directory = await mkdtemp(join(tmpdir(), "p2v-luks-"));
  try {
    const header = join(directory, "header");
    await copyHeader(reader, format.payload.start, header);
    for (const key of keys)
      for (const secret of candidates(key.secret)) {
        const volumeKey = await askVolumeKey(header, { secret, title, signal });
        if (volumeKey !== null) return { key, volumeKey, passphrase: isTypeable(secret) ? secret : null };
      }
    return null;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** An editor ends a file with a newline, which is not a part of a passphrase; but a key of random bytes may end with one. */
export function candidates(secret: Secret): readonly Secret[] {
  const bytes = secret.reveal();
  const ends = [[0x0d, 0x0a], [0x0a]].filter(
    (end) => bytes.length > end.length && end.every((byte, index) => bytes.at(index - end.length) === byte),
  );
  return [...ends.map((end) => new Secret(bytes.subarray(0, -end.length))), secret];
}

/** Printable ASCII of a length that a person would type. */
export function isTypeable(secret: Secret): boolean {
  const bytes = secret.reveal();
  return bytes.length <= 512 && bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/** The header area with its key slots; a sparse file, of which nobody but root may read what is not secret anyway. */
async function copyHeader(reader: Reader, sizeBytes: number, path: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.truncate(sizeBytes + STEP_BYTES); // as if data followed
  for (let at = 0; at < sizeBytes; at += STEP_BYTES) {
    const bytes = await reader.read(at, Math.min(STEP_BYTES, sizeBytes - at));
    if (bytes.some((byte) => byte !== 0)) await file.write(bytes, 0, bytes.length, at);
  }
}

type Ask = { readonly secret: Secret; readonly title: string; readonly signal: AbortSignal };

async function askVolumeKey(header: string, { secret, title, signal }: Ask): Promise<Secret | null> {
  const argv = ["cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--key-file", "-", header];
  try {
    const { code, stdout } = await run(argv, {
      input: secret.reveal(),
      allowCodes: [WRONG_KEY],
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (code === WRONG_KEY) return null;
    const bytes = parseVolumeKey(stdout);
    if (bytes === null) throw new Error(`cryptsetup told no volume key of ${title}`);
    return new Secret(bytes);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    const words = lastWords(error.stderr, { lines: 1 });
    throw new UserError("luks-open-failed", `cryptsetup cannot open ${title}: ${words}`, {
      advice:
        "Leave the key out, and it is copied whole; free memory helps where it says that it has too little",
    });
  }
}

/** The end of `luksDump --dump-volume-key`: `MK dump:` and lines of 16 bytes in hexadecimal. */
export function parseVolumeKey(text: string): Uint8Array | null {
  const [, bits] = /^MK bits:\s+(\d{1,5})\s*$/m.exec(text) ?? [];
  const [, dump = ""] = /^MK dump:((?:\s+[0-9a-f]{2})+)\s*$/im.exec(text) ?? [];
  const bytes = Buffer.from(dump.replaceAll(/\s/g, ""), "hex");
  return bytes.length > 0 && bytes.length * 8 === Number(bits) ? bytes : null;
}
