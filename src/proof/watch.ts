// SPDX-License-Identifier: Apache-2.0
// What stands for "nothing was written": watched from the start of a job, judged at its end.
export type CountersVerdict = { readonly held: boolean; readonly detail: string };

export interface CounterWatch extends AsyncDisposable {
  /** Compares with the start. */
  verdict(options: { signal: AbortSignal }): Promise<CountersVerdict>;
}
