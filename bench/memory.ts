// SPDX-License-Identifier: Apache-2.0
// Peak memory of both ends, and planning time, from a small disk to a sparse one of nearly 16 TiB.
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../src/system/index.ts";
import type { Sshd } from "../lab/sshd.ts";
import type { Scene } from "./scene.ts";
import type { MemoryRun } from "./targets.ts";

const GIB = 2 ** 30;
/** ext4 has no file of 16 TiB and a byte, so the last is a little smaller. */
const SIZES = [GIB, 1024 * GIB, 16_383 * GIB];

export async function measureMemory(
  scene: Scene,
  sshd: Sshd,
  say: (text: string) => void,
): Promise<MemoryRun[]> {
  const runs: MemoryRun[] = [];
  for (const sizeBytes of SIZES) {
    const path = join(scene.directory, "sparse.img");
    await run(["truncate", "-s", `${sizeBytes}`, path]);
    // Few inodes: their tables count as used.
    await run(["mkfs.ext4", "-q", "-F", "-T", "largefile4", path], { timeoutMs: 600_000 });
    const peak = watchAgents();
    try {
      const { stdout } = await run(
        [
          process.execPath,
          "--disable-warning=ExperimentalWarning",
          child,
          path,
          scene.directory,
          sshd.sshConfigPath,
          sshd.hostAlias,
        ],
        { timeoutMs: 1_800_000, signal: scene.signal },
      );
      const { planSeconds, peakBytes } = JSON.parse(stdout) as { planSeconds: number; peakBytes: number };
      runs.push({ sizeBytes, planSeconds, senderPeakBytes: peakBytes, agentPeakBytes: peak.end() });
    } finally {
      peak.end();
      for (const name of ["sparse.img", "ours.img.partial", "ours.hashes.partial"])
        await rm(join(scene.directory, name), { force: true });
    }
    const last = runs.at(-1);
    say(
      `${sizeBytes / GIB} GiB: planned in ${last?.planSeconds.toFixed(1)} s, sender ${mib(last?.senderPeakBytes)} MiB, agent ${mib(last?.agentPeakBytes)} MiB`,
    );
  }
  return runs;
}

const child = join(import.meta.dirname, "copy-once.ts");
const mib = (bytes = 0): number => Math.round(bytes / 2 ** 20);

/** The most that any agent ever had, as the kernel remembers it while the process lives. */
function watchAgents(): { end: () => number } {
  let peakBytes = 0;
  const look = async (): Promise<void> => {
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const command = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
      if (!/\0[^\0]*\/agent-[0-9a-f]{64}\.mjs\0/.test(command)) continue;
      const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
      const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
      peakBytes = Math.max(peakBytes, kib * 1024);
    }
  };
  const timer = setInterval(() => void look(), 200);
  return {
    end() {
      clearInterval(timer);
      return peakBytes;
    },
  };
}
