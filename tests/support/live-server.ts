// SPDX-License-Identifier: Apache-2.0
// A disk in use, copied ahead by the real command: a loop device with one mounted file system.
import assert from "node:assert/strict";
import { constants, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { waitFor } from "../../lab/processes.ts";
import type { LivePass } from "../../src/job/index.ts";
import { run } from "../../src/system/index.ts";
import { cli, type Ended, leftovers } from "./cli.ts";
import { temporary } from "./temporary.ts";

export type LiveServer = AsyncDisposable & {
  readonly device: string;
  readonly mounted: string;
  readonly unmount: () => Promise<void>;
};

export type FsType = "ext4" | "xfs";

/** A disk of 320 MiB with one file system, mounted. */
export async function liveServer(t: TestContext, type: FsType = "ext4"): Promise<LiveServer> {
  const directory = await temporary(t);
  const image = join(directory, "disk.img");
  const mounted = await temporary(t);
  await run(["truncate", "--size", "320M", image]);
  await run(["sfdisk", "--quiet", image], { input: "label: gpt\n2048,+,L\n" });
  const device = (await run(["losetup", "--find", "--show", "--partscan", image])).stdout.trim();
  const part = `${device}p1`;
  await run(["partx", "--update", device]);
  await waitFor(part, () => existsSync(part));
  await run([`mkfs.${type}`, "-q", part]);
  await run(["mount", part, mounted]);
  let isMounted = true;
  const unmount = async (): Promise<void> => {
    if (isMounted) await run(["umount", mounted]);
    isMounted = false;
    // A neighbour's mount namespace, made a moment ago, may have it still.
    await waitFor("the end of all mounts", () => isFree(device));
  };
  return {
    device,
    mounted,
    unmount,
    async [Symbol.asyncDispose]() {
      await unmount();
      await run(["losetup", "--detach", device]);
    },
  };
}

/** Would the kernel give it to us alone? */
async function isFree(device: string): Promise<boolean> {
  const handle = await open(device, constants.O_RDONLY | constants.O_EXCL).catch(() => null);
  await handle?.close();
  return handle !== null;
}

export const words = (device: string, to: string): readonly string[] => [
  "--disk",
  device,
  "--to",
  `dir:${to}`,
  "--name",
  "vm",
];

export async function copyLive(
  device: string,
  to: string,
  ...more: readonly string[]
): Promise<readonly LivePass[]> {
  const ended = await cli(["copy", "--live", ...words(device, to), "--json", ...more]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await leftovers(), []);
  const lines = ended.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  assert.equal(lines.at(-1)?.type, "live-copy");
  return lines.filter(({ type }) => type === "pass") as unknown as readonly LivePass[];
}

export const migrate = (device: string, to: string): Promise<Ended> =>
  cli(["migrate", ...words(device, to), "--yes", "--no-boot-check"]);
