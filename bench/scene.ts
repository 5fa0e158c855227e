// SPDX-License-Identifier: Apache-2.0
// What all measurements share: the demo machine's disk with its map, an ssh server, and a directory for images.
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExtentMap } from "../src/core/index.ts";
import { type Compress, type CopyResult, copyDisks } from "../src/copy/index.ts";
import { sshHost } from "../src/hosts/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../src/inspect/index.ts";
import { attachLoop, run } from "../src/system/index.ts";
import { demoDisk } from "../lab/demo/machine.ts";
import type { Sshd } from "../lab/sshd.ts";

export type Scene = {
  /** The disk as an image, read-only. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly map: ExtentMap;
  /** Loop devices: of the whole disk, and of its root partition (ext4). */
  readonly wholeLoop: string;
  readonly rootLoop: string;
  /** For images; on the same machine as the source. */
  readonly directory: string;
  /** Bytes of `partclone | zstd` at a level. */
  packedBytes(level: number): Promise<number>;
  readonly signal: AbortSignal;
} & AsyncDisposable;

const TIMEOUT_MS = 3_600_000;

export async function openScene(signal: AbortSignal): Promise<Scene> {
  const path = await demoDisk({ signal });
  const { sizeBytes, map } = await readMap(path, signal);
  const table = JSON.parse((await run(["sfdisk", "-J", path])).stdout) as {
    partitiontable: { partitions: { start: number; size: number }[] };
  };
  const [root] = table.partitiontable.partitions;
  if (root === undefined) throw new Error("The demo disk has no partition");
  await using opening = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "p2v-bench-"));
  opening.defer(() => rm(directory, { recursive: true, force: true }));
  const readOnly = { readOnly: true, signal } as const;
  const whole = opening.use(await attachLoop(path, { offset: 0, sizeBytes, ...readOnly }));
  const part = { offset: root.start * 512, sizeBytes: root.size * 512, ...readOnly };
  const rootLoop = opening.use(await attachLoop(path, part)).path;
  const resources = opening.move();
  return {
    path,
    sizeBytes,
    map,
    wholeLoop: whole.path,
    rootLoop,
    directory,
    signal,
    packedBytes: async (level) =>
      Number(await shell(`${packCommand(rootLoop, directory, level)} | wc -c`, signal)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export async function readMap(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number; readonly map: ExtentMap }> {
  const disk = await openSourceDisk(path, 1);
  const { graph } = await readDiskGraph([disk], { signal });
  const { maps } = await readUsedMaps({ graph, views: new Map([[1, path]]), signal });
  const map = maps.get(1);
  if (map === undefined) throw new Error(`${path} has no map`);
  return { sizeBytes: disk.sizeBytes, map };
}

/** The fastest that others have: used blocks, no checksum, zstd. */
export function packCommand(loop: string, directory: string, level: number): string {
  return `partclone.ext4 -c -a0 -s ${loop} -o - -L ${directory}/log 2>/dev/null | zstd -${level} -q`;
}

export async function shell(script: string, signal: AbortSignal): Promise<string> {
  const argv = ["bash", "-o", "pipefail", "-c", script];
  return (await run(argv, { timeoutMs: TIMEOUT_MS, signal })).stdout;
}

export const OUR_FILE = "ours.img";

type CopyWith = {
  readonly scene: Pick<Scene, "path" | "sizeBytes" | "map" | "directory" | "signal">;
  readonly sshd: Sshd;
  readonly compress?: Compress;
  readonly mode?: "resume" | "replace";
  readonly signal?: AbortSignal;
  readonly onDone?: (doneBytes: number, totalBytes: number) => void;
};

/** Our way, as a job goes it; the agent is there already. */
export async function copyOurs({
  scene,
  sshd,
  compress,
  mode = "replace",
  signal = scene.signal,
  onDone,
}: CopyWith): Promise<{ readonly seconds: number; readonly result: CopyResult }> {
  const { path, sizeBytes, map, directory } = scene;
  const destination = { kind: "ssh", user: null, host: sshd.hostAlias, port: null, path: directory } as const;
  await using host = await sshHost({ destination, sshConfig: sshd.sshConfigPath, signal });
  await (await host.connectAgent({ directory, signal }))[Symbol.asyncDispose]();
  const begun = performance.now();
  const read = { sourcePath: path, viewPath: path, touched: [] };
  const [result] = await copyDisks({
    host,
    directory,
    disks: [{ number: 1, file: OUR_FILE, format: "raw", sizeBytes, map, read }],
    mode,
    ...(compress === undefined ? {} : { compress }),
    emit(event) {
      if (event.type === "progress") onDone?.(event.doneBytes, event.totalBytes);
    },
    signal,
  });
  if (result === undefined) throw new Error("The copy has no result");
  return { seconds: (performance.now() - begun) / 1000, result };
}

export async function occupied(path: string): Promise<number> {
  return (await stat(path)).blocks * 512;
}

export async function removeImages(directory: string): Promise<void> {
  for (const name of [`${OUR_FILE}.partial`, "ours.hashes.partial", "peer.img"])
    await rm(join(directory, name), { force: true });
}

export async function serverPid(sshd: Sshd): Promise<number> {
  return Number(await readFile(join(sshd.directory, "sshd.pid"), "utf8"));
}
