// SPDX-License-Identifier: Apache-2.0
// Which files have bytes in given ranges of a disk, where an ext file system can tell (debugfs).
import {
  type BlockGraph,
  type BlockNode,
  contiguousExtent,
  diskId,
  EXT_SUPER,
  intersect,
  type Range,
  shown,
} from "../../core/index.ts";
import { RunError, run } from "../../system/index.ts";
import { parseExtSuper } from "./ext-super.ts";
import { openReader, partReader } from "./reader.ts";

/** What lies in ranges of one file system. */
export type FilesAt = {
  readonly volume: string;
  /** Absolute in the file system, each once; of a file with several names the first. Control characters are replaced. */
  readonly files: readonly string[];
  /** Bytes of it in the ranges that no file has: structures of the file system itself, or free. */
  readonly otherBytes: number;
};

type Input = {
  readonly graph: BlockGraph;
  readonly disk: { readonly number: number; readonly path: string };
  readonly ranges: readonly Range[];
  readonly signal: AbortSignal;
};

/** More are not asked for: a list that long helps nobody. */
const MAX_BLOCKS = 2000;
const BLOCKS_PER_CALL = 200;
const TIMEOUT_MS = 600_000;

/** One entry for each ext file system that lies in one piece and has bytes in `ranges`. Reads only. */
export async function filesAt({ graph, disk, ranges, signal }: Input): Promise<readonly FilesAt[]> {
  const found: FilesAt[] = [];
  for (const node of graph.nodes) {
    if (node.holds.kind !== "filesystem" || !/^ext[234]$/.test(node.holds.type)) continue;
    const place = contiguousExtent(graph, node.id);
    if (place.kind !== "extent" || place.disk !== diskId(disk.number)) continue;
    const inside = intersect(ranges, [place]).map(({ start, end }) => ({
      start: start - place.start,
      end: end - place.start,
    }));
    if (inside.length > 0) found.push(await filesOf(node, { path: disk.path, place, inside, signal }));
  }
  return found;
}

type Volume = {
  readonly path: string;
  readonly place: Range;
  readonly inside: readonly Range[];
  readonly signal: AbortSignal;
};

async function filesOf(node: BlockNode, { path, place, inside, signal }: Volume): Promise<FilesAt> {
  const blockBytes = await blockSize(path, place);
  const blocks = blocksOf(inside, blockBytes);
  const ask = async (command: string): Promise<string> => {
    const argv = ["debugfs", "-R", command, `${path}?offset=${place.start}`];
    const output = await run(argv, { signal, timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
      if (error instanceof RunError) return null; // the bad sectors may be those that say where files lie
      throw error;
    });
    return output?.stdout ?? "";
  };
  const files = new Set<string>();
  let others = blocks.length;
  for (let at = 0; at < blocks.length; at += BLOCKS_PER_CALL) {
    const inodes = parseIcheck(await ask(`icheck ${blocks.slice(at, at + BLOCKS_PER_CALL).join(" ")}`));
    others -= inodes.length;
    const distinct = [...new Set(inodes)];
    if (distinct.length === 0) continue;
    const names = parseNcheck(await ask(`ncheck ${distinct.join(" ")}`));
    for (const inode of distinct) files.add(names.get(inode) ?? ownName(inode));
  }
  return { volume: titleOf(node), files: [...files].toSorted(), otherBytes: others * blockBytes };
}

function titleOf({ holds, path }: BlockNode): string {
  if (holds.kind !== "filesystem") return path;
  return `${holds.type} ${holds.label === null ? holds.uuid : JSON.stringify(holds.label)} on ${path}`;
}

async function blockSize(path: string, place: Range): Promise<number> {
  const sizeBytes = place.end - place.start;
  await using reader = await openReader(path, place.end);
  const volume = partReader(reader, place.start, sizeBytes);
  const found = parseExtSuper(await volume.read(EXT_SUPER.start, EXT_SUPER.end - EXT_SUPER.start), sizeBytes);
  return typeof found === "string" ? 4096 : found.blockBytes;
}

/** Numbers of the blocks that `ranges` touch, each once. Pure. */
export function blocksOf(ranges: readonly Range[], blockBytes: number): number[] {
  const blocks: number[] = [];
  for (const { start, end } of ranges)
    for (let block = Math.floor(start / blockBytes); block * blockBytes < end; block += 1) {
      if (blocks.length >= MAX_BLOCKS) return blocks;
      if (blocks.at(-1) !== block) blocks.push(block);
    }
  return blocks;
}

/** Output of debugfs' `icheck`: the inode of each block that has one. Pure. */
export function parseIcheck(text: string): number[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\d{1,16}\t(\d{1,10})$/.exec(line);
    return match === null ? [] : [Number(match[1])];
  });
}

/** Output of debugfs' `ncheck`: the first name of each inode. Names may be hostile. Pure. */
export function parseNcheck(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const match = /^(\d{1,10})\t\/*(.{1,4096})$/.exec(line);
    const inode = Number(match?.[1]);
    if (match?.[2] === undefined || names.has(inode)) continue;
    names.set(inode, `/${shown(match[2], { by: "\ufffd" })}`);
  }
  return names;
}

/** Inodes without a name: fs/ext4/ext4.h. */
function ownName(inode: number): string {
  if (inode === 2) return "/";
  if (inode === 7) return "(reserved for growing)";
  return inode === 8 ? "(the journal)" : `(inode ${inode}, without a name)`;
}
