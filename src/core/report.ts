// SPDX-License-Identifier: Apache-2.0
// The report is data first; HTML is a rendering of it (src/report). No secrets in it.
import type { Chain } from "./chain.ts";
import type { ShownChange } from "./change.ts";
import type { Definition, Started } from "./definition.ts";
import type { Phase } from "./event.ts";
import type { GuestOS } from "./guest.ts";
import type { Machine } from "./machine.ts";
import type { Intent, ProofLevel } from "./plan.ts";
import type { Problem } from "./problems/index.ts";
import type { VmModel } from "./vm.ts";

export type Outcome =
  | {
      readonly kind: "booted";
      readonly seconds: number;
      /** Those that the guest configures, and that were as configured. Absent: not compared. */
      readonly cameUp?: readonly JudgedCard[];
    }
  | {
      readonly kind: "booted-but";
      readonly seconds: number;
      readonly differences: readonly Difference[];
      readonly cameUp?: readonly JudgedCard[];
    }
  | { readonly kind: "not-booted"; readonly why: string; readonly lastLines: readonly string[] }
  | { readonly kind: "not-tried"; readonly why: string };

/** `network` and `root` differences make exit code 7, the others do not. */
export type Difference = { readonly text: string } & (
  | { readonly about: "network"; readonly nic: JudgedCard; readonly fault: NetworkFault }
  /** `not-known`: the probe could not tell. */
  | { readonly about: "root"; readonly fault: "other" | "not-known" }
  | { readonly about: "unit" | "not-tried" }
);

/** A network card as the guest's files name it; `mac` null: no address is tied to that name. */
export type JudgedCard = { readonly name: string; readonly mac: string | null };

export type NetworkFault =
  | "missing"
  | "other-card"
  | "down"
  /** It is up, and connected to nothing. */
  | "no-link"
  | "not-a-port"
  | "no-address"
  | "no-route"
  /** The guest could not tell. */
  | "not-known";

/** How far the source is proven unchanged, and between which times (ISO 8601). Never claims more than was compared. */
export type Proof = {
  readonly level: ProofLevel;
  readonly held: boolean;
  readonly from: string;
  readonly to: string;
  readonly disks: readonly { readonly path: string; readonly detail: string; readonly held: boolean }[];
};

/** How far the images are compared with the source, where not all of it was read before they were done (`--trust-writes`). */
export type Compared = {
  /**
   * `traced`: what was read, a sample of the rest, and for the rest the kernel's record of writes. `full`: that too was compared in the
   * end. `differs`: and it was not the same. `all`: the record was not trusted, and everything was read at once.
   */
  readonly kind: "traced" | "full" | "differs" | "all";
  /** Why the record was not trusted; else on what it rests. */
  readonly why: string;
  readonly readBytes: number;
  readonly unreadBytes: number;
  readonly samples: number;
  readonly sampledBytes: number;
  /** Of the disks, as they are in the source; at most 1000. */
  readonly differing: readonly { readonly disk: number; readonly start: number; readonly end: number }[];
};

export type DiskReport = {
  readonly number: number;
  readonly path: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly sentBytes: number;
  readonly occupiedBytes: number;
  /** Root hash over the segments' hashes, as in manifest.json. */
  readonly sha256: string;
  /** How the agent read back what it wrote: `direct` or `cached`. */
  readonly readBack: string;
  /** Who wrote it on the host: `agent`, or `shell` where that could not run. */
  readonly receiver?: string;
};

/** How long the services of a server were gone that was replaced while it ran, and until what was seen. */
export type CutoverReport = { readonly downtimeSeconds: number; readonly until: "boot-check" | "start" };

/** `directory` is beside the report; `convert --undo` reads it. */
export type KeptChanges = {
  readonly directory: string;
  readonly files: number;
  readonly sizeBytes: number;
};

export type Report = {
  readonly format: "report/1";
  readonly version: string;
  readonly name: string;
  readonly begun: string;
  readonly ended: string;
  readonly outcome: Outcome;
  /** Units that failed only for want of another machine (NFS, NTP, LDAP). */
  readonly waitingUnits: readonly string[];
  readonly machine: Machine;
  readonly guest: GuestOS | null;
  readonly intent: Intent;
  readonly vm: VmModel;
  readonly seconds: Readonly<Partial<Record<Phase, number>>>;
  readonly disks: readonly DiskReport[];
  readonly changes: readonly ShownChange[];
  readonly proof: Proof;
  readonly problems: readonly Problem[];
  /** How the plan said that the VM boots; null or absent: not known. */
  readonly chain?: Chain | null;
  readonly destination: string;
  /** Each changed file before and after, beside the report; null or absent: none. */
  readonly kept?: KeptChanges | null;
  /** null: nothing was defined; the files can be used by hand. */
  readonly definition?: Definition | null;
  /** null: it was not asked for. */
  readonly started?: Started | null;
  /** null or absent: the machine was not running. */
  readonly cutover?: CutoverReport | null;
  /** null or absent: everything was read and compared, as always. */
  readonly compared?: Compared | null;
};
