// SPDX-License-Identifier: Apache-2.0
// Which of the given disks the old machine called what, learned from what the guest's files claim of each name. The order of
// the disks is no evidence: what was given first says nothing of the old machine. Pure.
import type { BlockGraph, BlockNode, NodeId } from "../machine.ts";
import { contentOf, findNode } from "../storage/graph.ts";
import { type ClaimedName, claimedNames, type Evidence, keyOfName, type ToldName } from "./claimed-names.ts";
import { type Ground, judgeClaim, type Standing } from "./claims.ts";
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

export type DiskNames = {
  readonly known: readonly NamedDisk[];
  readonly unclear: readonly UnclearName[];
  /** What the user said, and the guest's files speak against. Absent: nothing. */
  readonly refused?: readonly RefusedName[];
};

/** `against`: something else lies on that disk than is said of the name; `unused`: no file of the guest has such a name. */
export type RefusedName = ToldName & { readonly why: "against" | "unused" };

export const NO_NAMES: DiskNames = { known: [], unclear: [] };

type Candidate = { readonly disk: NodeId; readonly standing: Standing; readonly nodes: readonly Place[] };
type Place = { readonly node: NodeId; readonly path: string | null };

export function learnNames(evidence: Evidence, ground: Ground): DiskNames {
  const names = claimedNames(evidence);
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
  learned.takeTold(evidence.told ?? []);
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
function placesFor({ disk }: ClaimedName, { disks, arrays }: Places): readonly BlockNode[] {
  if (disk.by !== "firmware-raid" || arrays.length === 0) return disks;
  const own = arrays.filter(({ holds }) => holds.kind === "md" && holds.name === disk.name);
  return own.length > 0 ? own : [...arrays, ...disks];
}

/** What all claims on a name together say of one disk. */
function candidateOf({ disk: wanted, claims }: ClaimedName, disk: BlockNode, ground: Ground): Candidate {
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
  readonly #all: readonly ClaimedName[];
  readonly #candidates: ReadonlyMap<string, readonly Candidate[]>;
  readonly #known = new Map<string, NamedDisk>();
  readonly #refused: RefusedName[] = [];
  readonly #unclear = new Map<string, ReadonlySet<NodeId>>();

  constructor(all: readonly ClaimedName[], candidates: ReadonlyMap<string, readonly Candidate[]>) {
    this.#all = all;
    this.#candidates = candidates;
  }

  /** Also of a name that no file claims anything of: then the disk is not any other one's. */
  takeTold(told: readonly ToldName[]): void {
    for (const one of told) {
      const key = keyOfName(one.spec);
      if (key === null) continue;
      const isClaimed = this.#all.some((name) => name.key === key && name.claims.length > 0);
      const standing = this.#candidates.get(key)?.find(({ disk }) => disk === one.disk)?.standing;
      if (isClaimed && (standing === undefined || standing === "against"))
        this.#refused.push({ ...one, why: "against" });
      else {
        this.#known.set(key, { key, disk: one.disk, because: "told" });
        if (!isClaimed) this.#refused.push({ ...one, why: "unused" });
      }
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
    const refused = this.#refused;
    return { known: [...this.#known.values()], unclear, ...(refused.length > 0 ? { refused } : {}) };
  }

  #open(): readonly ClaimedName[] {
    return this.#all.filter(({ key }) => !this.#known.has(key) && !this.#unclear.has(key));
  }

  /** Disks that a name may still mean: those with another name of its kind are not it. */
  #candidatesOf({ key, disk: wanted }: ClaimedName): readonly Candidate[] {
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
function excludes(
  name: ClaimedName,
  candidate: Candidate,
  other: ClaimedName,
  otherCandidate: Candidate,
): boolean {
  if (areDifferent(name.disk, other.disk)) return true;
  return candidate.nodes.some(({ node, path }) =>
    otherCandidate.nodes.some((one) => one.node === node && one.path !== path),
  );
}
