// SPDX-License-Identifier: Apache-2.0
// The loop devices of this computer and the files below them.
import { run } from "../programs/run.ts";

/** In a run's directory: one line for each loop device it attached. */
export const LOOPS_FILE = "loops";

export type LoopNote = Pick<AttachedLoop, "path" | "offset" | "backingId">;

export function renderLoopNote({ path, offset, backingId }: LoopNote): string {
  return `${JSON.stringify({ path, offset, backingId })}\n`;
}

/** Numbers of loop devices are used again: the same number above something else is another device. */
export const isNoted = (loop: LoopNote, note: LoopNote): boolean =>
  loop.path === note.path && loop.offset === note.offset && loop.backingId === note.backingId;

/** Lines written halfway are left out. */
export function parseLoopNotes(text: string): LoopNote[] {
  const notes: LoopNote[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      notes.push(JSON.parse(line) as LoopNote);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return notes;
}

export type AttachedLoop = {
  readonly path: string;
  readonly backingFile: string;
  readonly offset: number;
  readonly readOnly: boolean;
  /** Device and inode of what is below: it stays when the name goes (a FUSE file of a dead daemon is called `/`). */
  readonly backingId: string;
};

/** All attached loop devices, or those above one file. */
export async function readLoops(
  options: { above?: string; signal?: AbortSignal } = {},
): Promise<AttachedLoop[]> {
  const only = options.above === undefined ? ["--list"] : ["--associated", options.above];
  const argv = ["losetup", "--json", "--output", "NAME,BACK-FILE,OFFSET,RO,BACK-INO,BACK-MAJ:MIN", ...only];
  const { stdout } = await run(argv, {
    timeoutMs: 30_000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return parseLoops(stdout);
}

/** Output of `losetup --json`; it prints nothing at all when there are none. */
export function parseLoops(json: string): AttachedLoop[] {
  if (json.trim() === "") return [];
  const { loopdevices } = JSON.parse(json) as { loopdevices?: unknown };
  if (!Array.isArray(loopdevices)) return [];
  const loops: AttachedLoop[] = [];
  for (const entry of loopdevices as readonly Record<string, unknown>[]) {
    const backing = entry["back-file"];
    if (typeof entry["name"] !== "string" || typeof backing !== "string") continue;
    loops.push({
      path: entry["name"],
      backingFile: backing.replace(/ \(deleted\)$/, ""),
      offset: Number(entry["offset"]),
      backingId: `${String(entry["back-maj:min"])}/${String(entry["back-ino"])}`,
      readOnly: entry["ro"] === true || entry["ro"] === 1 || entry["ro"] === "1",
    });
  }
  return loops;
}

/** Stopping a daemon below an attached loop device would lose what the kernel has not written yet. */
export async function refuseLoops(path: string, { signal }: { signal: AbortSignal }): Promise<void> {
  const [first] = await readLoops({ above: path, signal });
  if (first !== undefined)
    throw new Error(`${path} cannot be sealed: ${first.path} is still attached above it`);
}
