// SPDX-License-Identifier: Apache-2.0
// Two file systems compared from outside, by find and sha256sum: what differs, and nothing taken on our own word.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachLoop, mount, run } from "../../../src/system/index.ts";

export type Tree = ReadonlyMap<string, string>;

/** Without a write to it: no journal is replayed. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  xfs: ["ro", "norecovery", "nouuid"],
  ext4: ["ro", "noload"],
  btrfs: ["ro", "subvolid=5"],
};

/** Path to `type mode owner size link-target content-hash xattrs` of everything in [start, end) of an image; read-only. */
export async function readTree(
  image: string,
  { start, end, type }: { start: number; end: number; type: string },
): Promise<Tree> {
  const directory = await mkdtemp(join(tmpdir(), "p2v-tree-"));
  try {
    await using loop = await attachLoop(image, { offset: start, sizeBytes: end - start, readOnly: true });
    const options = OPTIONS[type] ?? ["ro"];
    await using tree = await mount(loop.path, join(directory, "tree"), { type, options });
    return await walk(tree.path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function walk(root: string): Promise<Tree> {
  const big = { timeoutMs: 300_000, maxOutputBytes: 256 * 2 ** 20, cwd: root };
  const found = new Map<string, string>();
  // A directory's size and the count of its links follow from what is in it.
  const listed = (await run(["find", ".", "-printf", "%P\\0%y %m %U:%G %l\\0"], big)).stdoutBytes
    .toString("latin1")
    .split("\0");
  for (let i = 0; i + 1 < listed.length; i += 2) found.set(`/${listed[i]}`, listed[i + 1] ?? "");
  const add = (path: string, text: string): void => void found.set(path, `${found.get(path) ?? ""} ${text}`);
  const hashes = (
    await run(["find", ".", "-type", "f", "-exec", "sha256sum", "--zero", "--", "{}", "+"], big)
  ).stdoutBytes;
  for (const line of hashes.toString("latin1").split("\0"))
    if (line !== "") add(`/${line.slice(68)}`, line.slice(0, 64));
  const xattrs = (
    await run(["getfattr", "-R", "-h", "-d", "-m", "-", "-e", "hex", "."], big)
  ).stdoutBytes.toString("latin1");
  for (const block of xattrs.split("\n\n")) {
    const [head = "", ...values] = block.split("\n");
    if (head.startsWith("# file: ")) add(`/${head.slice(8)}`, values.toSorted().join(" "));
  }
  return found;
}

/** Paths that are not the same in both, sorted. */
export function treeDifferences(a: Tree, b: Tree): readonly string[] {
  const paths = new Set([...a.keys(), ...b.keys()]);
  return [...paths].filter((path) => a.get(path) !== b.get(path)).toSorted();
}
