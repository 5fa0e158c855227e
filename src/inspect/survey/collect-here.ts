// SPDX-License-Identifier: Apache-2.0
// The collector run on this computer, and its archive sieved once more: sed(1) there knows less of secrets than we do.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { blotKnown, blotSecrets, isHidden } from "../../core/index.ts";
import { run } from "../../system/index.ts";
import { readCollector } from "./collector.ts";
import type { TarEntry } from "./tar.ts";
import { unpackSurvey } from "./unpack.ts";
import { writeTar } from "./write-tar.ts";

/** Lists of modules for many kernels take their time to read from a slow disk. */
const TIMEOUT_MS = 600_000;

/** A tar archive (gzip) as `readSurvey` takes it. `sysroot`: a recorded machine in place of this one. */
export async function collectHere({
  sysroot,
  signal,
}: {
  sysroot: string | null;
  signal: AbortSignal;
}): Promise<Uint8Array> {
  const { stdoutBytes } = await run(["sh", "-s", "--", "-"], {
    input: await readCollector(),
    maxOutputBytes: 64 * 2 ** 20,
    timeoutMs: TIMEOUT_MS,
    signal,
    ...(sysroot === null ? {} : { env: { ROOT: sysroot } }),
  });
  const entries = (await unpackSurvey(stdoutBytes)).map(sieve);
  return await promisify(gzip)(writeTar(entries, { date: new Date() }));
}

/** What the kernel says, lists of modules and programs; and what the collector says of itself. */
const NO_SETTINGS = /^\/(sys|dev|p2v|lib\/modules|usr\/lib\/modules|proc\/(?!cmdline$))|\.(efi|csv)$/i;

function sieve(entry: TarEntry): TarEntry {
  if (entry.kind !== "file" || NO_SETTINGS.test(entry.path)) return entry;
  const text = Buffer.from(entry.bytes);
  if (text.includes(0)) return entry; // the head of a program
  const blotted = isHidden(entry.path) ? "***\n" : blotKnown(blotSecrets(entry.path, text.toString("utf8")));
  return { ...entry, bytes: Buffer.from(blotted) };
}
