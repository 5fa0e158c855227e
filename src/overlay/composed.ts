// SPDX-License-Identifier: Apache-2.0
// A volume that lies in pieces, as one file: QEMU's VMDK format has a text form that lists ranges of raw files. It needs
// no device-mapper, and nothing of it is ever sent anywhere.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SourceDisk } from "../core/index.ts";
import { type Chain, NO_DISCARD_NODE } from "./chain.ts";
import { type FuseExport, startExport } from "./fuse-export.ts";

const SECTOR = 512;

/** A whole device or file of ours. */
export type Piece = { readonly path: string; readonly sizeBytes: number };

/** The `twoGbMaxExtentFlat` descriptor: virtual disk format 1.1 (VMware, 2007), "Extent Description". */
export function renderDescriptor(pieces: readonly Piece[]): string {
  const extents = pieces.map(({ path, sizeBytes }) => {
    if (/["\n\r]/.test(path) || path.length > 500)
      throw new TypeError(`${path} cannot be named in a descriptor`);
    return `RW ${sizeBytes / SECTOR} FLAT "${path}" 0`;
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

/**
 * Exports the pieces as one file in `directory`; `name` is unique there. Dispose ends it cleanly. Each piece is a path of
 * its own: QEMU locks what it opens, and would lock itself out of a file named twice.
 */
export async function openComposed(
  pieces: readonly Piece[],
  options: { directory: string; name: string; disk: SourceDisk; readOnly: boolean; signal: AbortSignal },
): Promise<FuseExport> {
  const { directory, name, disk, readOnly, signal } = options;
  const descriptor = join(directory, `${name}.vmdk`);
  await writeFile(descriptor, renderDescriptor(pieces), { flag: "wx", mode: 0o600 });
  const writable = !readOnly;
  const path = join(directory, name);
  return await startExport(composedChain(descriptor, { writable }), { disk, path, writable, signal });
}
