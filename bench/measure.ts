// SPDX-License-Identifier: Apache-2.0
// What is measured of one transfer, and the middle of several.

export type Sample = {
  /** From the first read to the last verified (for others: written) byte. */
  readonly seconds: number;
  /** Of both ends, with ssh. */
  readonly cpuSeconds: number;
  /** null: not known. */
  readonly sentBytes: number | null;
  readonly occupiedBytes: number;
};

export type Measured = Sample & { readonly name: string; readonly rounds: number };

/** The middle one; of an even number, the mean of the two in the middle. NaN of none. Pure. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Medians, each of its own. Pure. */
export function middle(name: string, samples: readonly Sample[]): Measured {
  const of = (value: (sample: Sample) => number): number => median(samples.map(value));
  const known = samples.every((one) => one.sentBytes !== null);
  return {
    name,
    rounds: samples.length,
    seconds: of((one) => one.seconds),
    cpuSeconds: of((one) => one.cpuSeconds),
    sentBytes: known ? of((one) => one.sentBytes ?? 0) : null,
    occupiedBytes: of((one) => one.occupiedBytes),
  };
}
