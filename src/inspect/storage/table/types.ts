// SPDX-License-Identifier: Apache-2.0
// What both kinds of partition table come to.

export type TablePartition = {
  /** As Linux counts. */
  readonly number: number;
  /** Bytes on the disk, half-open. */
  readonly start: number;
  readonly end: number;
  /** As sfdisk prints it: `83`, `5`, or a GUID in upper case. */
  readonly type: string;
  /** PARTUUID, lower case, as udev and the kernel write it. */
  readonly uuid: string;
  /** GPT only. */
  readonly name: string | null;
  readonly bootable: boolean;
  /** The MBR's container of logical partitions: holds nothing by itself. */
  readonly extended: boolean;
};
