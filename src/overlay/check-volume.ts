// SPDX-License-Identifier: Apache-2.0
// Is a file system whole? Its journal is replayed on the overlay, by the kernel, and then the checker has the word.
import { EXT_SUPER, lastWords, parseExtSuperblock } from "../core/index.ts";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { makeRunDirectory, mount, RunError, run } from "../system/index.ts";
import { extNeeds, isTooNew, xfsHasDirtyLog } from "./filesystem-state.ts";
import { mountOptions } from "./mounting/mount-options.ts";

export type VolumeCheck = {
  /** It was not shut down cleanly. */
  readonly dirty: boolean;
  /** `unchecked`: no checker for this type, or a dirty one that was not to be replayed; `words` says which. */
  readonly state: "clean" | "replayed" | "damaged" | "unchecked";
  /** The last lines of the checker, for a person; parts joined by ` | `. */
  readonly words: string;
};

type Call = {
  readonly device: string;
  /** The device of its log or journal, where that lies elsewhere. */
  readonly log?: string | null;
  readonly replay: boolean;
  readonly signal: AbortSignal;
};

/** Checkers read all metadata: minutes per terabyte on old disks. */
const CHECK_MS = 4 * 3600_000;
const MAX_WORDS = 1000;

/**
 * Checks one volume. `device` is a loop device on an overlay, never a source disk: with `replay` it is written to. File
 * systems marked clean are checked too. RunError when the checker itself fails (not installed, out of memory).
 */
export async function checkVolume(options: Call & { readonly type: string }): Promise<VolumeCheck> {
  const { type, signal } = options;
  signal.throwIfAborted();
  if (/^ext[234]$/.test(type)) return checkExt(type, options);
  if (type === "xfs") return checkXfs(options);
  return { dirty: false, state: "unchecked", words: `there is no check for ${type} here` };
}

async function checkExt(type: string, { device, log = null, replay, signal }: Call): Promise<VolumeCheck> {
  // Without a name e2fsck and the kernel look for the journal themselves, and would find that of the source.
  const journal = log === null ? [] : ["-j", log];
  const superblock = parseExtSuperblock(
    (await readStart(device, 4096)).subarray(EXT_SUPER.start, EXT_SUPER.end),
  );
  const needs = superblock === null ? "nothing" : extNeeds(superblock);
  const dirty = needs !== "nothing";
  if (dirty && !replay) return notReplayed();
  let before = "";
  if (needs === "replay") before = await replayByMounting(device, { type, log, signal });
  // Without a journal, the guest's own boot would do this; what it does not dare to repair is damage.
  if (needs === "preen")
    before = (await runChecker(["e2fsck", "-p", ...journal, device], [1, 2, 4, 8, 12], { signal })).words;
  const { code, words } = await runChecker(["e2fsck", "-fn", ...journal, device], [4, 8, 12], { signal });
  if (isTooNew(`${before}\n${words}`)) return { dirty, state: "unchecked", words: joined(before, words) };
  // e2fsck(8): 4 = errors left uncorrected; 8 = operational error, which a ruined superblock is.
  if (code !== 0) return { dirty, state: "damaged", words: joined(before, words) };
  return { dirty, state: dirty ? "replayed" : "clean", words };
}

async function checkXfs({ device, log = null, replay, signal }: Call): Promise<VolumeCheck> {
  const on = log === null ? [device] : ["-l", log, device];
  // xfs_repair(8): with -n, 1 = corruption was found; 2 = dirty log where it would have to write.
  let repair = ["xfs_repair", "-n", ...on];
  let first = await runChecker(repair, [1, 2], { signal });
  if (/force_geometry/.test(first.output)) {
    // A small one with a single allocation group has no second superblock to compare with: no damage.
    repair = ["xfs_repair", "-n", "-o", "force_geometry", ...on];
    first = await runChecker(repair, [1, 2], { signal });
  }
  if (isTooNew(first.output)) return { dirty: false, state: "unchecked", words: first.words };
  if (!xfsHasDirtyLog(first.output))
    return { dirty: false, state: first.code === 0 ? "clean" : "damaged", words: first.words };
  if (!replay) return notReplayed();
  const before = await replayByMounting(device, { type: "xfs", log, signal });
  const second = await runChecker(repair, [1, 2], { signal });
  const whole = second.code === 0 && !xfsHasDirtyLog(second.output);
  if (!whole) return { dirty: true, state: "damaged", words: joined(before, second.words) };
  return { dirty: true, state: "replayed", words: second.words };
}

const notReplayed = (): VolumeCheck => ({
  dirty: true,
  state: "unchecked",
  words: "its journal is not replayed, so it cannot be checked",
});

const joined = (...words: readonly string[]): string => words.filter((word) => word !== "").join(" | ");

/** The kernel replays journal and orphans as the guest's would. Returns mount's words, empty when it went well. */
async function replayByMounting(
  device: string,
  { type, log, signal }: { type: string; log: string | null; signal: AbortSignal },
): Promise<string> {
  await using directory = await makeRunDirectory("replay");
  try {
    const options = mountOptions(type, "", { readOnly: false, log });
    const mounted = await mount(device, join(directory.path, "volume"), { type, options, signal });
    await mounted[Symbol.asyncDispose]();
    return "";
  } catch (error) {
    if (error instanceof RunError) return complaints(error.stderr, 2);
    throw error;
  }
}

type CheckerResult = { readonly code: number; readonly output: string; readonly words: string };

async function runChecker(
  argv: readonly string[],
  allowCodes: readonly number[],
  { signal }: { signal: AbortSignal },
): Promise<CheckerResult> {
  try {
    const { code, stdout, stderr } = await run(argv, { allowCodes, signal, timeoutMs: CHECK_MS });
    const output = `${stdout}\n${stderr}`;
    return { code, output, words: complaints(output, 8) };
  } catch (error) {
    // So much to complain about that it does not fit: that is damage enough.
    if (error instanceof RangeError)
      return { code: 4, output: "", words: `${argv[0]} finds too many errors to list` };
    throw error;
  }
}

/** The telling lines at the end of a checker's output. */
export function complaints(output: string, lines: number): string {
  const telling = output
    .split("\n")
    .filter((line) => !/^(?:Pass \d|Phase \d|\s*- |e2fsck \d|No modify flag set)/.test(line));
  return lastWords(telling.join("\n"), { lines, maxChars: MAX_WORDS });
}

async function readStart(path: string, sizeBytes: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
