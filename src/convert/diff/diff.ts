// SPDX-License-Identifier: Apache-2.0
// A change as a person reads it: a unified diff without secrets. Both versions are blotted first, so context is safe too.
import { createTwoFilesPatch } from "diff";
import {
  blotSecrets,
  type Blobs,
  type Change,
  type FileState,
  formatBytes,
  isHidden,
  type ShownChange,
} from "../../core/index.ts";

/** Larger texts are not compared line by line. */
const MAX_DIFF_BYTES = 2 ** 20;

/** Each change with its diff. */
export async function showChanges(changes: readonly Change[], blobs: Blobs): Promise<readonly ShownChange[]> {
  const shown: ShownChange[] = [];
  for (const change of changes) shown.push({ ...change, diff: await renderDiff(change, blobs) });
  return shown;
}

/** null for binary files, and for those that nobody may see. */
export async function renderDiff(change: Change, blobs: Blobs): Promise<string | null> {
  const { path, before, after } = change;
  if (isHidden(path)) return null;
  const [old, now] = [await readState(before, blobs), await readState(after, blobs)];
  if (old === null || now === null) return null;
  if (old.length + now.length > MAX_DIFF_BYTES)
    return `--- ${path}\n+++ ${path}\n${formatBytes(old.length)} before, ${formatBytes(now.length)} after: too large to compare here\n`;
  const patch = createTwoFilesPatch(
    before.kind === "absent" ? "/dev/null" : path,
    after.kind === "absent" ? "/dev/null" : path,
    blotSecrets(path, old),
    blotSecrets(path, now),
    undefined,
    undefined,
    { context: 3, timeout: 2000 },
  );
  if (patch === undefined)
    return `--- ${path}\n+++ ${path}\nThe two versions differ too much to be compared here\n`;
  const text = patch.slice(Math.max(0, patch.indexOf("--- ")));
  const hunks = /^@@/m.test(text);
  return hunks || attributesOf(before) === attributesOf(after)
    ? text
    : `${text}${attributeLines(before, after)}`;
}

/** Text of a file or link; null: binary. */
async function readState(state: FileState, blobs: Blobs): Promise<string | null> {
  switch (state.kind) {
    case "absent":
    case "directory":
      return "";
    case "link":
      return `link to ${state.target}\n`;
    case "bytes": {
      if (state.sizeBytes > 16 * MAX_DIFF_BYTES) return null;
      const bytes = await blobs.get(state.sha256);
      return bytes.includes(0) ? null : Buffer.from(bytes).toString("utf8");
    }
  }
}

function attributesOf(state: FileState): string {
  return state.kind === "absent" ? "" : `mode ${state.mode.toString(8)}, owner ${state.uid}:${state.gid}`;
}

function attributeLines(before: FileState, after: FileState): string {
  return `-${attributesOf(before)}\n+${attributesOf(after)}\n`;
}
