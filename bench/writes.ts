// SPDX-License-Identifier: Apache-2.0
// What the downtime of a server depends on: a migration after `copy --live`, with 100 MiB changed of 8 GiB in use, that reads everything,
// and one that trusts the kernel's record of writes. Commands as a user types them, over ssh to this machine.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "../lab/processes.ts";
import type { Sshd } from "../lab/sshd.ts";
import type { Report } from "../src/core/index.ts";
import { run } from "../src/system/index.ts";
import type { ColdPass, Writes } from "./targets.ts";

const MIB = 2 ** 20;
const FILE_BYTES = 64 * MIB;
const FILES = 128;
const CHANGED_BYTES = 100 * MIB;
const PLACES = 8;
const TIMEOUT_MS = 3_600_000;

export async function measureWrites(
  sshd: Sshd,
  { say, signal }: { say: (text: string) => void; signal: AbortSignal },
): Promise<Writes> {
  await using scope = new AsyncDisposableStack();
  const directory = await mkdtemp("/var/tmp/p2v-bench-"); // gigabytes
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const server = await startServer(directory, scope);
  const what = ["--disk", server.device, "--name", "vm", "--ssh-config", sshd.sshConfigPath];
  what.push("--to", `ssh://${sshd.hostAlias}${directory}/to`);
  const program = (...argv: string[]): Promise<unknown> =>
    run(["sh", join(import.meta.dirname, "../bin/virt-p2v"), ...argv, ...what], {
      timeoutMs: TIMEOUT_MS,
      signal,
      env: { XDG_STATE_HOME: directory },
    });
  const cold = async (name: string, ...flags: string[]): Promise<ColdPass> => {
    await server.unmount();
    await program("migrate", "--hypervisor", "qemu", "--yes", "--no-boot-check", ...flags);
    const pass = readPass(JSON.parse(await readFile(join(directory, "to/vm/report.json"), "utf8")) as Report);
    say(
      `${name}: ${Math.round(pass.readBytes / MIB)} MiB read, ${Math.round(pass.sentBytes / MIB)} MiB sent, ${pass.copySeconds.toFixed(1)} s`,
    );
    return pass;
  };
  say("8 GiB are copied ahead");
  await program("copy", "--live", "--trust-writes");
  await server.change();
  const traced = await cold("record of writes", "--trust-writes");
  await server.mount();
  await server.change();
  const full = await cold("everything", "--update");
  return { full, traced };
}

function readPass({ disks, seconds, compared = null }: Report): ColdPass {
  const usedBytes = disks.reduce((sum, disk) => sum + disk.usedBytes, 0);
  const sentBytes = disks.reduce((sum, disk) => sum + disk.sentBytes, 0);
  const copySeconds = seconds.copy ?? Number.NaN;
  if (compared === null) return { usedBytes, readBytes: usedBytes, sentBytes, copySeconds };
  if (compared.kind !== "full") throw new Error(`The record was not trusted: ${compared.why}`);
  return { usedBytes, readBytes: compared.readBytes + compared.sampledBytes, sentBytes, copySeconds };
}

type Server = {
  readonly device: string;
  readonly mount: () => Promise<void>;
  readonly unmount: () => Promise<void>;
  /**
   * 100 MiB, in eight places. The unit of a copy is a cell of 4 MiB (1 MiB on disks up to 4 GiB): writes that are small and lie far from
   * each other cost a cell each, with and without a record.
   */
  readonly change: () => Promise<void>;
};

/** A disk with ext4 and 8 GiB of files that no compression makes smaller, mounted. */
async function startServer(directory: string, scope: AsyncDisposableStack): Promise<Server> {
  const image = join(directory, "disk.img");
  const mounted = join(directory, "mounted");
  await mkdir(mounted);
  await mkdir(join(directory, "to"));
  await run(["truncate", "--size", "9G", image]);
  await run(["sfdisk", "--quiet", image], { input: "label: gpt\n2048,+,L\n" });
  const device = (await run(["losetup", "--find", "--show", "--partscan", image])).stdout.trim();
  scope.defer(async () => void (await run(["losetup", "--detach", device])));
  const part = `${device}p1`;
  await run(["partx", "--update", device]);
  await waitFor(part, () => existsSync(part));
  await run(["mkfs.ext4", "-q", "-m", "0", part], { timeoutMs: TIMEOUT_MS });
  const mount = async (): Promise<void> => void (await run(["mount", part, mounted]));
  const unmount = async (): Promise<void> => void (await run(["umount", mounted], { allowCodes: [32] }));
  await mount();
  scope.defer(unmount);
  const fileOf = (number: number): string => join(mounted, `${number}`);
  const random = await open("/dev/urandom");
  scope.defer(() => random.close());
  const noise = async (bytes: number): Promise<Buffer> =>
    (await random.read(Buffer.alloc(bytes), 0, bytes, null)).buffer;
  for (let number = 0; number < FILES; number += 1) {
    await using file = await open(fileOf(number), "w");
    for (let at = 0; at < FILE_BYTES; at += 4 * MIB) await file.write(await noise(4 * MIB), 0, 4 * MIB, at);
  }
  await run(["sync", "--file-system", mounted], { timeoutMs: TIMEOUT_MS });
  const change = async (): Promise<void> => {
    for (let place = 0; place < PLACES; place += 1) {
      await using file = await open(fileOf(Math.floor(Math.random() * FILES)), "r+");
      const at = Math.floor(Math.random() * (FILE_BYTES - CHANGED_BYTES / PLACES));
      const bytes = await noise(CHANGED_BYTES / PLACES);
      await file.write(bytes, 0, bytes.length, at);
    }
  };
  return { device, mount, unmount, change };
}
