// SPDX-License-Identifier: Apache-2.0
// One start of a VM for the boot check, whoever runs it: watched to its end, pictured, and always ended.
import { type Ending, startWatch, type Watch } from "./watch.ts";
import type { ConsoleLines } from "../verdict/console-lines.ts";
import { type Key, keysFor, type Typist } from "./passphrase.ts";

/** A VM that was started for the check; disposing ends it. */
export interface CheckRun extends AsyncDisposable {
  /** A count that grows while the guest uses its disks; null: not known. */
  activity(): Promise<number | null>;
  /** What stands on the screen in text mode; [] where it cannot be read. */
  screenText(): Promise<readonly string[]>;
  screenshotPng(): Promise<Uint8Array | null>;
  /** Keys of the VM's keyboard, one after the other; absent: there is no way. */
  type?(keys: readonly Key[]): Promise<void>;
}

export type AttemptOptions = {
  /**
   * Starts the VM, without a network that leads anywhere, on files that take all writes. What comes of it is reported to the
   * watch. null: it ended before it could be asked anything, which was reported to the watch.
   */
  readonly launch: (watch: Watch) => Promise<CheckRun | null>;
  readonly restartsAllowed: number;
  readonly timeoutMs: number;
  readonly stallMs: number | null;
  readonly console: ConsoleLines;
  /** Answers where a passphrase is asked for. */
  readonly typist: Typist;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
};

export type Attempt = {
  readonly ending: Ending;
  readonly sawKernel: boolean;
  readonly seconds: number;
  readonly screenshotPng: Uint8Array | null;
};

/** The login prompt follows the probe, since that waits for all units; a moment under TCG. */
const SETTLE_SCREEN_MS = 3_000;
const GRACE_MS = 8_000;
const ACTIVITY_MS = 5_000;

export async function attemptBoot(options: AttemptOptions): Promise<Attempt> {
  const { signal } = options;
  using watch = startWatch({
    console: options.console,
    timeoutMs: options.timeoutMs,
    stallMs: options.stallMs,
    graceMs: GRACE_MS,
    restartsAllowed: options.restartsAllowed,
    onLine: options.onLine,
  });
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const begun = performance.now();
    await using run = await options.launch(watch);
    let typedBlind = false;
    using activity = everyMs(ACTIVITY_MS, async () => {
      if (run !== null)
        await look(run, watch, { typist: options.typist, onBlind: () => (typedBlind = true) });
    });
    const ended = await Promise.race([watch.ending, aborted.promise]);
    // It may still ask, where nobody can see it.
    const ending = ended.kind === "time" && typedBlind && !watch.isUp() ? { kind: "locked" as const } : ended;
    const seconds = (performance.now() - begun) / 1000;
    activity[Symbol.dispose]();
    if (run !== null && ending.kind !== "probe" && !watch.sawKernel()) {
      const rows = await Promise.race([run.screenText(), aborted.promise]);
      if (rows.length > 0) options.console.push(Buffer.from(`\n[on the screen:]\n${rows.join("\n")}\n`));
    }
    if (run !== null && ending.kind === "probe")
      await Promise.race([sleep(SETTLE_SCREEN_MS), aborted.promise]);
    // A passphrase that was typed where nobody had asked may stand on the screen.
    const shown = run !== null && ending.kind !== "exited" && ending.kind !== "stalled" && !typedBlind;
    const screenshotPng = shown ? await run.screenshotPng() : null;
    return { ending, sawKernel: watch.sawKernel(), seconds, screenshotPng };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

type Typing = {
  readonly typist: Typist;
  /** Something is typed that nobody may have asked for. */
  readonly onBlind: () => void;
};

/** While the serial port is silent. */
async function look(run: CheckRun, watch: Watch, { typist, onBlind }: Typing): Promise<void> {
  const activity = await run.activity();
  if (activity !== null) watch.activity(activity);
  const mayAsk = run.type !== undefined && typist.isReady;
  const rows = mayAsk || !watch.sawKernel() ? await run.screenText() : [];
  if (!watch.sawKernel()) watch.screen(rows);
  if (!mayAsk) return;
  const step = typist.look({ rows, activity, isUp: watch.isUp(), nowMs: performance.now() });
  if (step.kind === "locked") watch.locked();
  const keys = step.kind === "type" ? keysFor(step.passphrase.reveal()) : null;
  if (step.kind !== "type" || keys === null) return;
  if (step.blind) onBlind();
  await run.type?.(keys);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `act` again and again, one at a time; when it fails, that is reported elsewhere. */
function everyMs(ms: number, act: () => Promise<void>): Disposable {
  let timer: NodeJS.Timeout | null = null;
  let over = false;
  const next = (): void => {
    if (over) return;
    timer = setTimeout(() => void act().then(next, () => undefined), ms);
  };
  next();
  return {
    [Symbol.dispose]() {
      over = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
