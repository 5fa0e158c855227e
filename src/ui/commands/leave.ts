// SPDX-License-Identifier: Apache-2.0
// How the live CD leaves a machine: powered off, started again, or started from its own disks.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readNote } from "../../job/index.ts";
import { readBounded, run, RunError } from "../../system/index.ts";
import { say } from "./context.ts";

export type Leave = "poweroff" | "reboot" | "local";

/** Made by the initramfs: the device of the medium; and whether all of it was copied to memory. */
const DEVICE = "/run/p2v/device";
const IN_MEMORY = "/run/p2v/in-memory";

export async function leave(how: Leave, { signal }: { signal: AbortSignal }): Promise<void> {
  if (how === "local") await startOwnSystem(signal);
  else await run(["systemctl", how]);
}

export type OwnSystem = "eject" | "wait-for-removal" | "reboot";

/** A CD is ejected, a stick must be taken out by somebody, and over the network the firmware's order decides. Pure. */
export function ownSystemWay(device: string | null): OwnSystem {
  if (device === null) return "reboot";
  return /^sr\d+$/.test(basename(device)) ? "eject" : "wait-for-removal";
}

/** Neither the boot loaders nor the firmware's variables are touched: without the medium the machine starts as ever. */
async function startOwnSystem(signal: AbortSignal): Promise<void> {
  const device = (await readFile(DEVICE, "utf8").catch(() => "")).trim() || null;
  switch (ownSystemWay(device)) {
    case "eject":
      say("The CD is ejected, and the machine starts its own system.");
      // By SCSI command: the drive's file system may be in use, to the end.
      await run(["eject", "--scsi", "--no-unmount", device ?? ""], { timeoutMs: 30_000 }).catch(
        (error: unknown) => {
          if (!(error instanceof RunError)) throw error;
          say("The drive does not let go of the CD: take it out.");
        },
      );
      break;
    case "wait-for-removal":
      say("Take the stick out: the machine then starts its own system.");
      while ((await readBounded(`/sys/class/block/${basename(device ?? "")}/size`)) !== null)
        await sleep(1000, undefined, { signal });
      break;
    case "reboot":
      say(
        (await readNote()) === null
          ? "Booted over the network: what the machine starts now is up to its firmware."
          : "The server starts its own system again.",
      );
  }
  if (device === null || (await readBounded(IN_MEMORY)) !== null) await run(["systemctl", "reboot"]);
  // Programs that shut the system down may be gone with the medium; no disk is mounted for writing.
  else await writeFile("/proc/sysrq-trigger", "b");
}
