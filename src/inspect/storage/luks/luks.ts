// SPDX-License-Identifier: Apache-2.0
// LUKS volumes in the block graph: those that a given key opens get a node for their inside, and what lies in it is read.
import {
  baseNodes,
  type BlockGraph,
  type BlockNode,
  contentId,
  diskSegments,
  type LuksKey,
  makeProblem,
  named,
  type NodeId,
  type OpenedCrypt,
  type Problem,
  UserError,
} from "../../../core/index.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { decryptingReader, whyNotReadable } from "./cipher.ts";
import { readLuksHeader } from "./header.ts";
import { openLuks } from "./open.ts";
import { probeReader } from "../probe.ts";
import { type Reader, segmentReader } from "../reader.ts";

/** Each costs seconds of hashing for each key. */
const MAX_VOLUMES = 256;

type Unlock = {
  readonly keys: readonly LuksKey[];
  /** Gets a reader for each inside. */
  readonly readers: Map<NodeId, Reader>;
  readonly signal: AbortSignal;
};

/** Opens what was found since the last call. Without keys nothing is looked at. */
export async function unlockVolumes(
  graph: GraphBuilder,
  { keys, readers, signal }: Unlock,
): Promise<OpenedCrypt[]> {
  const opened: OpenedCrypt[] = [];
  if (keys.length === 0) return opened;
  for (let next = graph.luks.shift(); next !== undefined; next = graph.luks.shift()) {
    signal.throwIfAborted();
    const { node, reader } = next;
    if (graph.luksSeen.length >= MAX_VOLUMES || node.holds.kind !== "luks") continue;
    const fitting = keysFor(node.holds.uuid, keys);
    graph.luksSeen.push(node.holds.uuid);
    if (fitting.length === 0) continue;
    const header = await readLuksHeader(reader);
    const why =
      header === null
        ? "its header is damaged"
        : header.kind === "refused"
          ? header.why
          : whyNotReadable(header);
    if (header?.kind !== "luks" || why !== null) {
      graph.problems.push(notOpened(node, why ?? ""));
      continue;
    }
    const { kind: _, uuid, ...format } = header;
    for (const key of fitting) graph.triedKeys.add(key);
    const found = await openLuks(fitting, { reader, format, title: titleOf(node), signal });
    if (found === null) {
      if (fitting.some((key) => key.uuid !== null)) throw wrongKey(fitting, titleOf(node));
      graph.problems.push(notOpened(node, "none of the given keys opens it"));
      continue;
    }
    graph.usedKeys.add(found.key);
    const holds = { kind: "crypt", uuid } as const;
    const inside: BlockNode = {
      id: contentId(node.id, holds),
      path: node.path,
      sizeBytes: format.payload.end - format.payload.start,
      sectorBytes: Math.max(node.sectorBytes, format.sectorBytes),
      holds,
    };
    graph.addPart(inside, node.id, format.payload.start);
    const { volumeKey, passphrase } = found;
    opened.push({ node: inside.id, below: node.id, format, volumeKey, passphrase });
    const clear = decryptingReader(reader, format, volumeKey);
    readers.set(inside.id, clear);
    await graph.addContent(inside, await probeReader(clear, { signal }), clear);
  }
  return opened;
}

/** The key that was given for this volume; else all that are for any. */
function keysFor(uuid: string, keys: readonly LuksKey[]): readonly LuksKey[] {
  const own = keys.filter((key) => key.uuid?.toLowerCase() === uuid.toLowerCase());
  return own.length > 0 ? own : keys.filter((key) => key.uuid === null);
}

const titleOf = ({ id, path, holds }: BlockNode): string =>
  `the LUKS volume ${holds.kind === "luks" ? holds.uuid : ""} (${id} on ${path})`;

function notOpened(node: BlockNode, why: string): Problem {
  return makeProblem("luks-not-opened", {
    about: [...(node.holds.kind === "luks" ? named("luks", node.holds.uuid) : []), ...named("node", node.id)],
    text: `${titleOf(node).replace("the", "The")} is not opened: ${why}`,
    advice: "It is copied whole, as it is, and a system in it is not converted",
  });
}

function wrongKey(keys: readonly LuksKey[], title: string): UserError {
  const titles = [...new Set(keys.map((key) => key.title))].join(", ");
  return new UserError("luks-key-wrong", `The key in ${titles} does not open ${title}`, {
    advice:
      "Check the passphrase or the key file; without a key for it, it is copied whole and not converted",
  });
}

/** When all is looked at: a key that opens nothing is a mistake that must not end in a VM that was not converted. */
export function keyProblems(graph: GraphBuilder, keys: readonly LuksKey[]): readonly Problem[] {
  const absent = keys.find(
    ({ uuid }) => uuid !== null && !graph.luksSeen.some((one) => one.toLowerCase() === uuid.toLowerCase()),
  );
  if (absent !== undefined)
    throw new UserError("luks-volume-missing", `No LUKS volume ${absent.uuid} is on these disks`, {
      advice: `Check the UUID before ${absent.title}: virt-p2v inspect --disk PATH shows those that are there`,
    });
  const anyKeys = keys.filter((key) => key.uuid === null);
  if (anyKeys.length === 0 || anyKeys.some((key) => graph.usedKeys.has(key))) return [];
  if (anyKeys.some((key) => graph.triedKeys.has(key)))
    throw wrongKey(anyKeys, `any LUKS volume of these disks (${graph.luksSeen.join(", ")})`);
  if (graph.luksSeen.length > 0) return [];
  return [
    makeProblem("luks-key-unused", {
      about: [],
      text: "A key for LUKS volumes was given, and there are none on these disks",
      advice: "Nothing is to be done, if that is as you expect",
    }),
  ];
}

/** What reads the insides of opened volumes, by node, added to the readers of the disks. */
export function withInsides(
  graph: BlockGraph,
  disks: ReadonlyMap<NodeId, Reader>,
  opened: readonly OpenedCrypt[],
): ReadonlyMap<NodeId, Reader> {
  const readers = new Map(disks);
  const bases = baseNodes(graph);
  for (const { node, below, format, volumeKey } of opened) {
    const where = diskSegments(graph, below, { bases });
    const volume = graph.nodes.find(({ id }) => id === below);
    if (where.kind === "unmapped" || volume === undefined) continue;
    if (where.segments.some(({ disk }) => !readers.has(disk))) continue;
    const whole = segmentReader(where.segments, readers, volume.sizeBytes);
    readers.set(node, decryptingReader(whole, format, volumeKey));
  }
  return readers;
}
