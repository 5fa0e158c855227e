// SPDX-License-Identifier: Apache-2.0
// The lanes of a copy. After a failure that may heal they are opened anew, with growing pauses, as long as is wanted.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { formatSeconds, makeProblem, type Receiver, UserError } from "../core/index.ts";
import type { CopyOptions } from "./options.ts";
import { Lane } from "./lane.ts";

/** Seconds: a switch that restarts is back in a minute, a host in five; more than half a minute wastes the rest. */
const PAUSES = [1, 2, 4, 8, 15, 30];

/** `known`: this job was connected already; then a busy directory is held by its own former agent, which will end. */
export function mayHeal(error: unknown, { known }: { known: boolean }): boolean {
  if (!(error instanceof UserError)) return false;
  return error.heals || (known && error.code === "destination-busy");
}

/** Pause before try number `tries` (1, 2 ...) of a row without progress. */
export function pauseMs(tries: number): number {
  return 1000 * (PAUSES[Math.min(tries, PAUSES.length) - 1] ?? 1);
}

type Needs = Pick<
  CopyOptions,
  "host" | "directory" | "receiver" | "release" | "retryForMs" | "pauseMs" | "emit" | "signal"
> & {
  readonly lanes: number;
};

export class Connection implements AsyncDisposable {
  readonly #needs: Needs;
  readonly #job = randomUUID();
  #opened = new AsyncDisposableStack();
  #lanes: readonly Lane[] | null = null;
  #known = false;
  #receiver: Receiver["kind"] = "agent";
  #tries = 0;
  /** When the present row of failures began; null: all is well. */
  #failingSince: number | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async lanes(): Promise<readonly Lane[]> {
    if (this.#lanes !== null) return this.#lanes;
    const others = Array.from({ length: this.#needs.lanes - 1 }, (_, index) => index + 1);
    const first = await this.#open(0); // it takes the directory's lock, which the others need
    this.#known = true;
    const opened = await Promise.allSettled(others.map((lane) => this.#open(lane))); // none may come later than a failure
    const failed = opened.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    this.#lanes = [first, ...opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))];
    return this.#lanes;
  }

  async #open(lane: number): Promise<Lane> {
    const { host, directory, signal, release = "unknown", lanes } = this.#needs;
    const { receiver } = this.#needs;
    const link = this.#opened.use(await host.connectAgent({ directory, receiver, signal }));
    this.#notice(link.receiver ?? { kind: "agent" });
    return this.#opened.use(await Lane.open({ link, job: this.#job, lane, lanes, release }));
  }

  /** Who receives, as far as it is known. */
  get receiver(): Receiver["kind"] {
    return this.#receiver;
  }

  #notice(receiver: Receiver): void {
    if (receiver.kind === "shell" && receiver.because !== null && this.#receiver === "agent")
      this.#needs.emit({
        type: "problem",
        problem: makeProblem("receiver-shell", {
          about: [],
          text: `${receiver.because}. The host's shell receives the copy instead: as safe, and slower`,
          advice:
            "Nothing need be done; with 120 MB in a ~/.cache that may run programs, the agent would do it",
        }),
      });
    this.#receiver = receiver.kind;
  }

  /** Something became durable: failures from now on are a new row. */
  progressed(): void {
    this.#failingSince = null;
    this.#tries = 0;
  }

  /** Closes all lanes and waits; or throws `error`, when it will not heal or has not for too long. */
  async recover(error: unknown): Promise<void> {
    const { signal, emit, retryForMs = 0 } = this.#needs;
    await this.#close();
    signal.throwIfAborted(); // then what failed, failed because of that
    if (!mayHeal(error, { known: this.#known })) throw error;
    const now = performance.now();
    this.#failingSince ??= now;
    this.#tries += 1;
    const leftMs = this.#failingSince + retryForMs - now;
    if (leftMs <= 0) throw error;
    const waitMs = Math.min(leftMs, (this.#needs.pauseMs ?? pauseMs)(this.#tries));
    const why = error instanceof Error ? error.message : String(error);
    emit({
      type: "step",
      phase: "copy",
      text: `${why}. Trying again in ${formatSeconds(waitMs / 1000)}, for ${formatSeconds(leftMs / 1000)} more`,
    });
    await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = new AsyncDisposableStack();
    this.#lanes = null;
    await opened.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
