// SPDX-License-Identifier: Apache-2.0
// Watches one start of a VM until it is known how it ends: its probe, its last words, silence or time.
import type { ConsoleLines } from "../verdict/console-lines.ts";
import { isFinalLine } from "../verdict/explain-console.ts";
import { parseProbe, type Probe } from "../probe/probe.ts";
import type { QmpEvent } from "./qmp.ts";

export type Ending =
  | { readonly kind: "probe"; readonly probe: Probe }
  /** The console says that nothing more will come. */
  | { readonly kind: "final" }
  | { readonly kind: "off" }
  /** It restarted more often than a relabelled or repaired guest does. */
  | { readonly kind: "restarts" }
  | { readonly kind: "exited"; readonly words: string }
  /** It asks for a passphrase, and takes none of ours. */
  | { readonly kind: "locked" }
  /** Neither output nor disk activity, and no sign of a kernel yet. */
  | { readonly kind: "stalled" }
  | { readonly kind: "time" };

/** Printed behind the initramfs only. */
const UP_SIGN =
  /systemd\[1\]: (?:Set hostname|Reached target|Started )|P2V-PROBE \{|\blogin: ?$|emergency mode/;

/** A line that only a running kernel, or what runs on it, prints. */
const KERNEL_SIGN = /Linux version \d|^\[ {0,5}\d+\.\d{6}\] |systemd\[1\]: |P2V-PROBE \{|\blogin: ?$/;

export type WatchOptions = {
  readonly console: ConsoleLines;
  readonly timeoutMs: number;
  /** null: silence is not an ending. */
  readonly stallMs: number | null;
  /** How long after a final line a reboot is waited for. */
  readonly graceMs: number;
  /** Restarts by the guest that are not a fault: one, and the firmware's own. */
  readonly restartsAllowed: number;
  readonly onLine: (line: string) => void;
};

export interface Watch extends Disposable {
  bytes(bytes: Uint8Array): void;
  event(event: QmpEvent): void;
  exited(words: string): void;
  /** A count that grows while the guest uses its disks. */
  activity(count: number): void;
  /** What stands on the screen; the kernel of a guest that was not converted may print only there. */
  screen(rows: readonly string[]): void;
  sawKernel(): boolean;
  /** The system's first program runs. */
  isUp(): boolean;
  locked(): void;
  readonly ending: Promise<Ending>;
}

export function startWatch(options: WatchOptions): Watch {
  const ending = Promise.withResolvers<Ending>();
  const end = (value: Ending): void => ending.resolve(value);
  let kernel = false;
  let up = false;
  let restarts = 0;
  let lastActivity = -1;
  let graceTimer: NodeJS.Timeout | null = null;
  let stallTimer: NodeJS.Timeout | null = null;
  const timer = setTimeout(() => end({ kind: "time" }), options.timeoutMs);

  const alive = (): void => {
    if (stallTimer !== null) clearTimeout(stallTimer);
    stallTimer = null;
    if (options.stallMs !== null && !kernel)
      stallTimer = setTimeout(() => end({ kind: "stalled" }), options.stallMs);
  };
  const grace = (running: boolean): void => {
    if (graceTimer !== null) clearTimeout(graceTimer);
    graceTimer = running ? setTimeout(() => end({ kind: "final" }), options.graceMs) : null;
  };
  const read = (line: string): void => {
    if (KERNEL_SIGN.test(line)) kernel = true;
    if (UP_SIGN.test(line)) up = true;
    const probe = parseProbe(line);
    if (probe !== null) return end({ kind: "probe", probe });
    if (line.includes("P2V-PROBE {")) return; // the kernel printed into it; it comes again
    options.onLine(line);
    if (graceTimer === null && isFinalLine(line)) grace(true);
  };
  alive();
  return {
    bytes(bytes) {
      for (const line of options.console.push(bytes)) read(line);
      alive();
      const prompt = options.console.unfinished(); // a shell's prompt has no line end
      if (graceTimer === null && isFinalLine(prompt)) grace(true);
    },
    event({ name, data }) {
      if (name === "SHUTDOWN" && data["guest"] === true) end({ kind: "off" });
      if (name === "GUEST_PANICKED" && graceTimer === null) grace(true);
      if (name !== "RESET" || data["guest"] !== true) return;
      restarts += 1;
      if (restarts > options.restartsAllowed) end({ kind: "restarts" });
      else grace(false);
    },
    exited: (words) => end({ kind: "exited", words }),
    activity(count) {
      if (count !== lastActivity) alive();
      lastActivity = count;
    },
    screen(rows) {
      if (graceTimer === null && rows.some(isFinalLine)) grace(true);
    },
    sawKernel: () => kernel,
    isUp: () => up,
    locked: () => end({ kind: "locked" }),
    ending: ending.promise,
    [Symbol.dispose]() {
      clearTimeout(timer);
      grace(false);
      if (stallTimer !== null) clearTimeout(stallTimer);
    },
  };
}
