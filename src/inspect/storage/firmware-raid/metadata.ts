// SPDX-License-Identifier: Apache-2.0
// What all kinds of firmware RAID metadata say, as far as it matters here.

export type RaidVolume = {
  readonly name: string;
  /** `RAID 1`, `RAID 5`, `JBOD` ... */
  readonly level: string;
  readonly members: number;
  /** Where its data begin on this disk. */
  readonly start: number;
  /** Of the whole volume. */
  readonly sizeBytes: number;
  /** false: degraded, being rebuilt or migrated. */
  readonly isWhole: boolean;
};

export type RaidMetadata = {
  /** `Intel RAID` */
  readonly title: string;
  /** What the disks of one set have in common; null: not known. */
  readonly family: string | null;
  /** Counts changes: a disk with fewer was left behind. */
  readonly generation: number;
  /** null: not known. */
  readonly diskCount: number | null;
  readonly volumes: readonly RaidVolume[] | "unknown";
};
