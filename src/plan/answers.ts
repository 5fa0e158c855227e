// SPDX-License-Identifier: Apache-2.0
// What the user said, by whatever way: flags now; kernel command line, answer file and wizard fill the same value.
import type { Destination, Hypervisor, ImageFormat, ProofLevel, Secret, VmModel } from "../core/index.ts";

/** `disk`: as the user names it, by its path or its number. */
export type ToldDisk = { readonly spec: string; readonly disk: string };

export type Answers = {
  readonly disks: readonly string[];
  readonly destination: Destination;
  /** null: the installed system's host name. */
  readonly name: string | null;
  readonly hypervisor: Hypervisor;
  readonly format: ImageFormat;
  /** Block devices of the host, in the order of the disks. */
  readonly volumes: readonly string[];
  /** null: as the machine, or 2 GiB when only disk images are there. */
  readonly memoryBytes: number | null;
  /** null: as the machine, or 2. */
  readonly vcpus: number | null;
  /** null: as the machine, or what the disks ask for. */
  readonly firmware: VmModel["firmware"] | null;
  /** Guest interface names and the MAC each shall have. */
  readonly nics: ReadonlyMap<string, string>;
  /** null: `counters` for block devices, `used` for image files, which have no counters. */
  readonly proof: ProofLevel | null;
  readonly bootCheck: boolean;
  readonly replace: boolean;
  readonly update: boolean;
  /** Reads only what the kernel's record names, first. */
  readonly trustWrites: boolean;
  readonly asIs: boolean;
  /** `one`: of mirrored disks only as many are sent as hold everything. */
  readonly mirrors: "keep" | "one";
  /** The installed system to convert, where there are several; absent or null: the one that the machine starts. */
  readonly root?: string | null;
  /** Device names on the old machine, and which of the given disks had them; absent: the guest's files tell. */
  readonly was?: readonly ToldDisk[];
  readonly skipSteps: readonly string[];
  /** Of LUKS volumes; absent: none. */
  readonly keys?: readonly KeyAnswer[];
  /** Absent: none. */
  readonly withSteps?: readonly string[];
  /** A directory with driver packages; absent or null: that of the live CD. */
  readonly extras?: string | null;
  readonly transfer: TransferAnswers;
  /** When the copy must be done; absent or null: whenever. */
  readonly windowEnds?: Date | null;
  readonly host: HostAnswers;
};

/** A passphrase or key of LUKS volumes; `uuid` null: of any. */
export type KeyAnswer = {
  readonly uuid: string | null;
  readonly from:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "typed"; readonly secret: Secret };
};

/** What happens to the VM on its host. */
export type HostAnswers = {
  /** Networks or bridges by guest interface; `*` for all others. Empty: the host's usual one. */
  readonly networks: ReadonlyMap<string, string>;
  /** false: defined with its network cables unplugged. */
  readonly linkUp: boolean;
  readonly autostart: boolean;
  /** Start it for real at the end. */
  readonly start: boolean;
};

export const DEFAULT_HOST: HostAnswers = {
  networks: new Map(),
  linkUp: true,
  autostart: false,
  start: false,
};

export type TransferAnswers = {
  /** Connections at one time; null: as many as serve. */
  readonly lanes: number | null;
  /** Who writes on the host: `auto` is the agent, or the host's shell where that cannot run. */
  readonly receiver: "auto" | "agent" | "shell";
  /** A level of zstd, or none; `auto`: by the bottleneck. */
  readonly compress: "auto" | "none" | number;
  /** On the wire, of all lanes together; null: no limit. */
  readonly limitBytesPerSecond: number | null;
  /** So long it tries to connect again when the link or the host fails. */
  readonly retryForMs: number;
  /** What the source cannot read becomes zero, and is listed; false: it ends the copy. */
  readonly skipBadSectors: boolean;
};

export const DEFAULT_TRANSFER: TransferAnswers = {
  lanes: null,
  receiver: "auto",
  compress: "auto",
  limitBytesPerSecond: null,
  retryForMs: 10 * 60_000,
  skipBadSectors: false,
};
