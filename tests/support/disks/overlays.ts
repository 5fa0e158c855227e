// SPDX-License-Identifier: Apache-2.0
// For tests of the overlay: sources and graphs of test disks, and what must be gone after each test.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, readdir, readlink, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BlockEdge, BlockGraph, BlockNode, SourceDisk } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import type { TestDisk } from "./disks.ts";

export const never = new AbortController().signal;

export function sourceOf(disk: TestDisk): SourceDisk {
  return { number: 1, path: disk.path, kind: "file", sizeBytes: disk.sizeBytes, sectorBytes: 512 };
}

/** Nodes `image:1`, `part:N` and `fs:N` for each partition. */
export function graphOf(disk: TestDisk): BlockGraph {
  const common = { path: disk.path, sectorBytes: 512 };
  const nodes: BlockNode[] = [
    {
      id: "image:1",
      ...common,
      sizeBytes: disk.sizeBytes,
      holds: { kind: "disk", serial: null, model: "", table: "mbr" },
    },
  ];
  const edges: BlockEdge[] = [];
  for (const { number, fs, start, end } of disk.partitions) {
    const length = end - start;
    const part = { kind: "partition", number, type: "83", uuid: null, bootable: false } as const;
    nodes.push({ id: `part:${number}`, ...common, sizeBytes: length, holds: part });
    nodes.push({
      id: `fs:${number}`,
      ...common,
      sizeBytes: length,
      holds: { kind: "filesystem", type: fs, uuid: "", label: null },
    });
    edges.push({ from: `part:${number}`, to: "image:1", map: [{ from: 0, to: start, length }] });
    edges.push({ from: `fs:${number}`, to: `part:${number}`, map: [{ from: 0, to: 0, length }] });
  }
  return { nodes, edges };
}

/** SHA-256 of a whole file or device, hex. By Node itself: sha256sum(1) of Debian 12 takes five times as long. */
export async function sha256sum(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(part as Buffer);
  return hash.digest("hex");
}

/** Every mount, loop device, daemon and file that mentions `directory`, and the `nameless` loop devices. */
async function traces(directory: string, nameless: readonly string[]): Promise<string[]> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const loops = await loopLines();
  const programs: string[] = [];
  for (const pid of await readdir("/proc")) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (/^\d+$/.test(pid)) programs.push(line.replaceAll("\0", " "));
  }
  const files = (await readdir(directory)).map((name) => join(directory, name));
  const named = [...mounts, ...loops, ...programs, ...files].filter((text) => text.includes(directory));
  return [...named, ...nameless.map((line) => `${line} (above a file of ${directory})`)];
}

const LIST_LOOPS = ["losetup", "--list", "--noheadings", "--output", "NAME,BACK-INO,BACK-MAJ:MIN,BACK-FILE"];

/** One line for each loop device: what it is, down to the file below it, so that its number used again is another line. */
async function loopLines(): Promise<string[]> {
  return (await run(LIST_LOOPS)).stdout.split("\n");
}

/** A loop device above a view that is gone has no name of a file any more. */
const isNameless = (line: string): boolean => /\s\/$/.test(line);

/** Longer than it takes a neighbour, or the kernel, to let go of a device whose file is gone. */
const LETTING_GO_MS = 5 * 60_000;

/** Loop devices without a name that are not in `known`, that nobody detaches, and that no neighbour has. */
async function lastingNameless(known: readonly string[]): Promise<readonly string[]> {
  let lasting = (await loopLines()).filter((line) => isNameless(line) && !known.includes(line));
  for (const until = Date.now() + LETTING_GO_MS; lasting.length > 0 && Date.now() < until; ) {
    await sleep(200);
    const now = await loopLines();
    const foreign = await neighboursLoops();
    lasting = lasting.filter((line) => now.includes(line) && !foreign.has(deviceOf(line)));
  }
  return lasting;
}

const deviceOf = (line: string): string => line.split(/\s/)[0] ?? "";

/** Those whose file has a name in the mount namespace of another process: a live CD's test, a guest tool that is run. */
async function neighboursLoops(): Promise<ReadonlySet<string>> {
  const seen = new Set([await readlink("/proc/self/ns/mnt")]);
  const found = new Set<string>();
  for (const pid of await readdir("/proc")) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => null);
    if (namespace === null || seen.has(namespace)) continue;
    seen.add(namespace);
    const inside = ["nsenter", `--mount=/proc/${pid}/ns/mnt`, ...LIST_LOOPS];
    const lines = (await run(inside, { allowCodes: [1, 127] }).catch(() => null))?.stdout.split("\n") ?? [];
    for (const line of lines) if (!isNameless(line)) found.add(deviceOf(line));
  }
  return found;
}

/**
 * Runs `body` with a temporary directory of its own, and asserts that nothing of it is left: neighbours on this computer
 * do the same things at the same time, so only what mentions that directory is judged. Not for concurrent tests.
 */
export async function leavingNothing(body: (directory: string) => Promise<void>): Promise<void> {
  const outer = process.env["TMPDIR"];
  const directory = await mkdtemp(join(tmpdir(), "p2v-test-"));
  process.env["TMPDIR"] = directory;
  const before = (await loopLines()).filter(isNameless); // a run that was killed on this computer
  try {
    await body(directory);
  } finally {
    if (outer === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = outer;
  }
  assert.deepEqual(await traces(directory, await lastingNameless(before)), []);
  await rmdir(directory);
}
