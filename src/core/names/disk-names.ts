// SPDX-License-Identifier: Apache-2.0
// Which of the given disks the old machine called what, learned from what the guest's files claim of each name. The order of
// the disks is no evidence: what was given first says nothing of the old machine. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";
import { contentOf, findNode } from "../storage/graph.ts";
import { type Claim, type Ground, judgeClaim, type Standing } from "./claims.ts";
import { diskKey, type HardwareDisk, parseDeviceSpec, parseGrubDevice } from "./device-spec.ts";
import { areDifferent } from "./different-disks.ts";
import { hasSerial, lacksSerial, partOf } from "./disk-parts.ts";

/** Why a disk is taken for the one of that name. */
export type NameReason =
  /** The user says so. */
  | "told"
  /** The root that was found lies on it, and the name is the root's; or a file system's own superblock says so. */
  | "proven"
  /** The name ends with its serial number. */
  | "serial"
  /** A record of LVM, blkid or GRUB names it beside a UUID. */
  | "recorded"
  /** Of the given disks only this one has such volumes at such partitions. */
  | "fits";

export type NamedDisk = {
  /** `diskKey` of the name. */
  readonly key: string;
  readonly disk: NodeId;
  readonly because: NameReason;
};

/** A name that several of the given disks may have had, or that two things are said of. */
export type UnclearName = {
  readonly key: string;
  /** As the guest's files write it. */
  readonly specs: readonly string[];
  readonly disks: readonly NodeId[];
};

export type DiskNames = { readonly known: readonly NamedDisk[]; readonly unclear: readonly UnclearName[] };

export const NO_NAMES: DiskNames = { known: [], unclear: [] };

/** Far above what any system says of its disks. */
const MAX_CLAIMS = 5000;

type Name = {
  readonly key: string;
  readonly disk: HardwareDisk;
  readonly claims: readonly { readonly claim: Claim; readonly partition: number | null }[];
};

type Candidate = { readonly disk: NodeId; readonly standing: Standing; readonly nodes: readonly Place[] };
type Place = { readonly node: NodeId; readonly path: string | null };

/** Two names of one disk: `(hd0)` and `/dev/sda` of a line of GRUB's device.map. */
export type Alias = readonly [string, string];

export type Evidence = {
  readonly claims: readonly Claim[];
  readonly aliases: readonly Alias[];
  /** What the user says: a device name of the old machine, and which of the given disks had it. */
  readonly told?: readonly ToldName[];
};

export type ToldName = { readonly spec: string; readonly disk: NodeId };

/** Claims on UUIDs and labels tell nothing here. */
export function learnNames({ claims, aliases, told = [] }: Evidence, ground: Ground): DiskNames {
  const claimed = joinAliases(gather(claims.slice(0, MAX_CLAIMS)), aliases.slice(0, MAX_CLAIMS));
  const names = [...claimed, ...notClaimed(told, claimed)];
  const disks = ground.graph.nodes.filter(({ holds }) => holds.kind === "disk");
  const arrays = partitionedArrays(ground.graph);
  const standings = new Map(
    names.map(
      (name) =>
        [
          name.key,
          placesFor(name, { disks, arrays }).map((disk) => candidateOf(name, disk, ground)),
        ] as const,
    ),
  );
  const learned = new Learned(names, standings);
  learned.takeTold(told);
  learned.takeOnly("proven", "proven");
  learned.takeSerials(disks);
  learned.takeOnly("recorded", "recorded");
  while (learned.takeFitting());
  return learned.names();
}

/** Arrays with partitions inside: their names look like those of a firmware's RAID. */
const partitionedArrays = ({ nodes, edges }: BlockGraph): readonly BlockNode[] =>
  nodes.filter(
    ({ id, holds }) =>
      holds.kind === "md" &&
      edges.some(
        ({ from, to }) => to === id && nodes.some((one) => one.id === from && one.holds.kind === "partition"),
      ),
  );

type Places = { readonly disks: readonly BlockNode[]; readonly arrays: readonly BlockNode[] };

/** Where a name may lie. Of an array that has this very name, nothing else is meant. */
function placesFor({ disk }: Name, { disks, arrays }: Places): readonly BlockNode[] {
  if (disk.by !== "firmware-raid" || arrays.length === 0) return disks;
  const own = arrays.filter(({ holds }) => holds.kind === "md" && holds.name === disk.name);
  return own.length > 0 ? own : [...arrays, ...disks];
}

function gather(claims: readonly Claim[]): readonly Name[] {
  const names = new Map<string, { disk: HardwareDisk; claims: Name["claims"][number][] }>();
  for (const claim of claims) {
    const spec = parseGrubDevice(claim.spec) ?? parseDeviceSpec(claim.spec);
    if (spec.kind !== "hardware") continue;
    const key = diskKey(spec.disk);
    const name = names.get(key) ?? { disk: spec.disk, claims: [] };
    name.claims.push({ claim, partition: spec.partition });
    names.set(key, name);
  }
  return [...names].map(([key, name]) => ({ key, ...name }));
}

/** The `diskKey` of a name that follows from the hardware; null: it is none. Of a partition's name, its disk's. */
export function keyOfName(spec: string): string | null {
  const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
  return parsed.kind === "hardware" ? diskKey(parsed.disk) : null;
}

/** That a name is another disk's says something of the others, too. */
function notClaimed(told: readonly ToldName[], claimed: readonly Name[]): readonly Name[] {
  return told.flatMap(({ spec }) => {
    const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
    if (parsed.kind !== "hardware") return [];
    const key = diskKey(parsed.disk);
    return claimed.some((name) => name.key === key) ? [] : [{ key, disk: parsed.disk, claims: [] }];
  });
}

/** What is claimed of one name holds for the other. */
function joinAliases(names: readonly Name[], aliases: readonly Alias[]): readonly Name[] {
  const joined = new Map(names.map((name) => [name.key, name]));
  for (const pair of aliases) {
    const disks = pair.flatMap((spec) => {
      const parsed = parseGrubDevice(spec) ?? parseDeviceSpec(spec);
      return parsed.kind === "hardware" ? [parsed.disk] : [];
    });
    const claims = disks.flatMap((disk) => names.find(({ key }) => key === diskKey(disk))?.claims ?? []);
    if (disks.length !== pair.length || claims.length === 0) continue;
    for (const disk of disks) joined.set(diskKey(disk), { key: diskKey(disk), disk, claims });
  }
  return [...joined.values()];
}

/** What all claims on a name together say of one disk. */
function candidateOf({ disk: wanted, claims }: Name, disk: BlockNode, ground: Ground): Candidate {
  const { graph } = ground;
  const standings: Standing[] = [];
  const nodes: Place[] = [];
  if (wanted.by === "link" && lacksSerial(disk, wanted.name)) standings.push("against");
  for (const { claim, partition } of claims) {
    const part = partOf(graph, disk.id, partition);
    const node = part === null ? null : findNode(graph, contentOf(graph, part));
    const standing = judgeClaim(claim, node, ground);
    standings.push(standing);
    if (node !== null && claim.wants.kind === "filesystem" && standing !== "against")
      nodes.push({ node: node.id, path: claim.wants.path });
  }
  return { disk: disk.id, standing: together(standings), nodes };
}

const RANK: Readonly<Record<Standing, number>> = { against: 0, silent: 1, fits: 2, recorded: 3, proven: 4 };

/** One thing that speaks against a disk outweighs all that fits, and a record too: records grow old. */
function together(standings: readonly Standing[]): Standing {
  const best = standings.reduce<Standing>((a, b) => (RANK[b] > RANK[a] ? b : a), "silent");
  return standings.includes("against") && best !== "proven" ? "against" : best;
}

/** What is known so far. */
class Learned {
  readonly #all: readonly Name[];
  readonly #candidates: ReadonlyMap<string, readonly Candidate[]>;
  readonly #known = new Map<string, NamedDisk>();
  readonly #unclear = new Map<string, ReadonlySet<NodeId>>();

  constructor(all: readonly Name[], candidates: ReadonlyMap<string, readonly Candidate[]>) {
    this.#all = all;
    this.#candidates = candidates;
  }

  /** Also of a name that no file claims anything of. */
  takeTold(told: readonly ToldName[]): void {
    for (const { spec, disk } of told) {
      const key = keyOfName(spec);
      if (key !== null) this.#known.set(key, { key, disk, because: "told" });
    }
  }

  /** Names for which exactly one disk has this standing; where it is several, or two names want one disk, they are unclear. */
  takeOnly(standing: Standing, because: NameReason): void {
    const wanted = this.#open().map((name) => ({
      name,
      disks: this.#candidatesOf(name).flatMap((one) => (one.standing === standing ? [one.disk] : [])),
    }));
    for (const { name, disks } of wanted) {
      const [disk, ...more] = disks;
      if (disk === undefined) continue;
      const rivals = wanted.filter(
        (other) =>
          other.name !== name && other.disks.includes(disk) && areDifferent(other.name.disk, name.disk),
      );
      if (more.length > 0 || rivals.length > 0) this.#unclear.set(name.key, new Set(disks));
      else this.#known.set(name.key, { key: name.key, disk, because });
    }
  }

  takeSerials(disks: readonly BlockNode[]): void {
    for (const { key, disk: wanted } of this.#open()) {
      if (wanted.by !== "link") continue;
      const [disk, ...more] = disks.filter((node) => hasSerial(node, wanted.name));
      if (disk !== undefined && more.length === 0)
        this.#known.set(key, { key, disk: disk.id, because: "serial" });
    }
  }

  /** One name whose claims fit one disk only, where no other name that is still open may mean it too. false: there is none. */
  takeFitting(): boolean {
    const open = this.#open().map((name) => ({ name, fitting: this.#candidatesOf(name).filter(isFitting) }));
    for (const { name, fitting } of open) {
      const [only, ...more] = fitting;
      if (only === undefined || more.length > 0) continue;
      const rivals = open.filter(
        (other) =>
          other.name !== name &&
          other.fitting.some((one) => one.disk === only.disk && excludes(other.name, one, name, only)),
      );
      if (rivals.length > 0) continue;
      this.#known.set(name.key, { key: name.key, disk: only.disk, because: "fits" });
      return true;
    }
    return false;
  }

  names(): DiskNames {
    const unclear = this.#all.flatMap((name): UnclearName[] => {
      if (this.#known.has(name.key)) return [];
      const disks =
        this.#unclear.get(name.key) ??
        new Set(
          this.#candidatesOf(name)
            .filter(isFitting)
            .map(({ disk }) => disk),
        );
      const specs = [...new Set(name.claims.map(({ claim }) => claim.spec))];
      return disks.size === 0 ? [] : [{ key: name.key, specs, disks: [...disks].toSorted() }];
    });
    return { known: [...this.#known.values()], unclear };
  }

  #open(): readonly Name[] {
    return this.#all.filter(({ key }) => !this.#known.has(key) && !this.#unclear.has(key));
  }

  /** Disks that a name may still mean: those with another name of its kind are not it. */
  #candidatesOf({ key, disk: wanted }: Name): readonly Candidate[] {
    const taken = new Set(
      this.#all.flatMap((other) => {
        const known = this.#known.get(other.key);
        return known !== undefined && other.key !== key && areDifferent(other.disk, wanted)
          ? [known.disk]
          : [];
      }),
    );
    return (this.#candidates.get(key) ?? []).filter(({ disk }) => !taken.has(disk));
  }
}

const isFitting = ({ standing }: Candidate): boolean => RANK[standing] >= RANK.fits;

/** Can both names not be right of one disk? */
function excludes(name: Name, candidate: Candidate, other: Name, otherCandidate: Candidate): boolean {
  if (areDifferent(name.disk, other.disk)) return true;
  return candidate.nodes.some(({ node, path }) =>
    otherCandidate.nodes.some((one) => one.node === node && one.path !== path),
  );
}
