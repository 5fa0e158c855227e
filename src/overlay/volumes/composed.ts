// SPDX-License-Identifier: Apache-2.0
// A volume that lies in pieces, as one file: QEMU's VMDK format has a text form that lists ranges of raw files. It needs
// no device-mapper, and nothing of it is ever sent anywhere.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SourceDisk } from "../../core/index.ts";
import { type Chain, NO_DISCARD_NODE } from "../chain.ts";
import { type FuseExport, startExport } from "../fuse-export.ts";

const SECTOR = 512;

/** A device or file of ours, from `start` (default 0) on. */
export type Piece = { readonly path: string; readonly sizeBytes: number; readonly start?: number };

/** The `twoGbMaxExtentFlat` descriptor: virtual disk format 1.1 (VMware, 2007), "Extent Description". */
export function renderDescriptor(pieces: readonly Piece[]): string {
  const extents = pieces.map(({ path, sizeBytes, start = 0 }) => {
    if (/["\n\r]/.test(path) || path.length > 500)
      throw new TypeError(`${path} cannot be named in a descriptor`);
    return `RW ${sizeBytes / SECTOR} FLAT "${path}" ${start / SECTOR}`;
  });
  const head = ["# Disk DescriptorFile", "version=1", "CID=1cafe5ed", "parentCID=ffffffff"];
  const lines = [...head, 'createType="twoGbMaxExtentFlat"', ...extents, 'ddb.adapterType = "ide"'];
  return `${lines.join("\n")}\n`;
}

/** Pure: the QEMU nodes above a descriptor. Discards are refused for the reason told in chain.ts. */
export function composedChain(descriptor: string, { writable }: { writable: boolean }): Chain {
  const readOnly = { "read-only": !writable, "auto-read-only": false };
  const nodes = [
    { driver: "file", "node-name": "pieces-file", filename: descriptor, ...readOnly },
    { driver: "vmdk", "node-name": "pieces", file: "pieces-file", ...readOnly },
  ];
  if (!writable) return { nodes, top: "pieces" };
  return { nodes: [...nodes, { ...NO_DISCARD_NODE, image: "pieces" }], top: NO_DISCARD_NODE["node-name"] };
}

/** Pure: the QEMU nodes above a descriptor whose volume is LUKS1. `secret`: the file of its passphrase. */
function decryptedChain(
  descriptor: string,
  { secret, writable }: { secret: string; writable: boolean },
): Chain {
  const { nodes } = composedChain(descriptor, { writable });
  const below = nodes.slice(0, 2);
  const luks = { driver: "luks", "node-name": "clear", file: "pieces", "key-secret": "key" };
  const clear = [...below, { ...luks, "read-only": !writable }];
  const objects = [{ "qom-type": "secret", id: "key", file: secret }];
  if (!writable) return { objects, nodes: clear, top: "clear" };
  const top = { ...NO_DISCARD_NODE, image: "clear" };
  return { objects, nodes: [...clear, top], top: NO_DISCARD_NODE["node-name"] };
}

/** Pure: the QEMU nodes above devices that each hold all of a volume: writes go to all, reads to the first that gives them. */
function mirrorChain(paths: readonly string[], { writable }: { writable: boolean }): Chain {
  const readOnly = { "read-only": !writable };
  const nodes = paths.map((path, index) => ({
    driver: "host_device",
    "node-name": `copy-${index}`,
    filename: path,
    ...readOnly,
    "auto-read-only": false,
  }));
  const quorum = {
    driver: "quorum",
    "node-name": "copies",
    "vote-threshold": 1,
    "read-pattern": "fifo",
    children: nodes.map((node) => node["node-name"]),
    ...readOnly,
  };
  if (!writable) return { nodes: [...nodes, quorum], top: "copies" };
  const top = { ...NO_DISCARD_NODE, image: "copies" };
  return { nodes: [...nodes, quorum, top], top: NO_DISCARD_NODE["node-name"] };
}

type ComposeOptions = {
  readonly directory: string;
  /** Unique in `directory`. */
  readonly name: string;
  /** Size, and a path for messages. */
  readonly disk: SourceDisk;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
};

/** Exports devices with equal contents as one file. Dispose ends it cleanly. */
export async function openMirror(paths: readonly string[], options: ComposeOptions): Promise<FuseExport> {
  return await exportPieces(mirrorChain(paths, { writable: !options.readOnly }), options);
}

/**
 * Exports the pieces as one file in `directory`. Dispose ends it cleanly. Each piece is a path of
 * its own: QEMU locks what it opens, and would lock itself out of a file named twice.
 */
export async function openComposed(pieces: readonly Piece[], options: ComposeOptions): Promise<FuseExport> {
  const descriptor = await writeDescriptor(pieces, options);
  return await exportPieces(composedChain(descriptor, { writable: !options.readOnly }), options);
}

/** As `openComposed`, of pieces that are a LUKS1 volume together: exports its inside. */
export async function openDecrypted(
  pieces: readonly Piece[],
  { secret, ...options }: ComposeOptions & { readonly secret: string },
): Promise<FuseExport> {
  const descriptor = await writeDescriptor(pieces, options);
  return await exportPieces(decryptedChain(descriptor, { secret, writable: !options.readOnly }), options);
}

async function writeDescriptor(
  pieces: readonly Piece[],
  { directory, name }: ComposeOptions,
): Promise<string> {
  const descriptor = join(directory, `${name}.vmdk`);
  await writeFile(descriptor, renderDescriptor(pieces), { flag: "wx", mode: 0o600 });
  return descriptor;
}

async function exportPieces(
  chain: Chain,
  { directory, name, disk, readOnly, signal }: ComposeOptions,
): Promise<FuseExport> {
  return await startExport(chain, { disk, path: join(directory, name), writable: !readOnly, signal });
}
