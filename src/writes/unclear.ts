// SPDX-License-Identifier: Apache-2.0
// Why a record of writes is not trusted, as data: one such reason, and every block is compared.

export type UnclearReason =
  /** The disk is no block device of this kernel. */
  | "not-a-device"
  /** It is made of other devices, or lies below one that passes writes on unseen. */
  | "stacked"
  /** Several ways lead to it, and writes may take another one. */
  | "several-paths"
  /** Its driver has no requests, and is none whose writes are known to be seen. */
  | "driver"
  /** Partitions came or went. */
  | "partitions"
  /** A line of the kernel that is not understood. */
  | "garbled"
  /** Events overwritten, dropped or lost, as the kernel counts them. */
  | "overrun"
  /** A command with data that a program sent past the block layer. */
  | "passed-through"
  /** Somebody changed or ended the recording. */
  | "switched-off";

export type Unclear = { readonly reason: UnclearReason; readonly detail: string };

export const unclear = (reason: UnclearReason, detail: string): Unclear => ({ reason, detail });
