// SPDX-License-Identifier: Apache-2.0
// Writes a qcow2 image that holds some clusters of a disk and names no backing file: a layer, to be laid above an image.
// Format: docs/interop/qcow2.txt of QEMU, version 3, clusters of 64 KiB, 16-bit reference counts.
import { open } from "node:fs/promises";
import { be, struct } from "../core/index.ts";

export const QCOW2_CLUSTER_BYTES = 65_536;
const PER_TABLE = QCOW2_CLUSTER_BYTES / 8;
const PER_REFCOUNT_BLOCK = QCOW2_CLUSTER_BYTES / 2;
/** Version 3. No backing file: its place stays 0. */
const HEADER = struct({
  magic: be.text(0, 4),
  version: be.u32(4),
  clusterBits: be.u32(20),
  sizeBytes: be.count64(24),
  l1Entries: be.u32(36),
  l1Offset: be.count64(40),
  refcountTableOffset: be.count64(48),
  refcountTableClusters: be.u32(56),
  refcountOrder: be.u32(96),
  headerBytes: be.u32(100),
});
/** Of an entry: its cluster is used once, so it may be written in place. */
const COPIED = 1n << 63n;

/** Where what lies in the file, in clusters. Pure. */
export type Qcow2Layout = {
  readonly refcountTable: number;
  readonly refcountTableClusters: number;
  readonly refcountBlocks: number;
  readonly refcountBlockClusters: number;
  readonly l1: number;
  readonly l1Entries: number;
  readonly l2: number;
  /** L1 indices that have an L2 table, ascending. */
  readonly tables: readonly number[];
  readonly data: number;
  readonly clusters: number;
};

/** `used`: indices of the clusters that the image holds, ascending. */
export function layOut(sizeBytes: number, used: readonly number[]): Qcow2Layout {
  const l1Entries = Math.max(1, Math.ceil(sizeBytes / (QCOW2_CLUSTER_BYTES * PER_TABLE)));
  const tables = [...new Set(used.map((cluster) => Math.floor(cluster / PER_TABLE)))];
  const l1Clusters = Math.ceil((l1Entries * 8) / QCOW2_CLUSTER_BYTES);
  const fixed = 1 + l1Clusters + tables.length + used.length;
  let blocks = 1;
  let table = 1;
  for (;;) {
    const total = fixed + blocks + table;
    const wanted = Math.ceil(total / PER_REFCOUNT_BLOCK);
    const wantedTable = Math.ceil((wanted * 8) / QCOW2_CLUSTER_BYTES);
    if (wanted <= blocks && wantedTable <= table) break;
    blocks = wanted;
    table = wantedTable;
  }
  const refcountBlocks = 1 + table;
  const l1 = refcountBlocks + blocks;
  const l2 = l1 + l1Clusters;
  const data = l2 + tables.length;
  return {
    refcountTable: 1,
    refcountTableClusters: table,
    refcountBlocks,
    refcountBlockClusters: blocks,
    l1,
    l1Entries,
    l2,
    tables,
    data,
    clusters: data + used.length,
  };
}

export function renderQcow2Header(sizeBytes: number, layout: Qcow2Layout): Buffer {
  const header = Buffer.alloc(QCOW2_CLUSTER_BYTES);
  HEADER.write(header, {
    magic: "QFI\xfb",
    version: 3,
    clusterBits: 16,
    sizeBytes: Math.ceil(sizeBytes / 512) * 512,
    l1Entries: layout.l1Entries,
    l1Offset: layout.l1 * QCOW2_CLUSTER_BYTES,
    refcountTableOffset: layout.refcountTable * QCOW2_CLUSTER_BYTES,
    refcountTableClusters: layout.refcountTableClusters,
    refcountOrder: 4, // reference counts of 2^4 bits
    headerBytes: HEADER.sizeBytes,
  });
  return header;
}

const offsetOf = (cluster: number): bigint => BigInt(cluster) * BigInt(QCOW2_CLUSTER_BYTES);

/** `read` gives one cluster of the disk, as it is to be. */
export async function writeQcow2(
  path: string,
  options: {
    sizeBytes: number;
    used: readonly number[];
    read: (cluster: number) => Promise<Uint8Array>;
    signal: AbortSignal;
  },
): Promise<void> {
  const { sizeBytes, used, read, signal } = options;
  const layout = layOut(sizeBytes, used);
  await using file = await open(path, "wx", 0o600);
  const write = (bytes: Uint8Array, cluster: number): Promise<unknown> =>
    file.write(bytes, 0, bytes.length, cluster * QCOW2_CLUSTER_BYTES);
  await write(renderQcow2Header(sizeBytes, layout), 0);
  const table = Buffer.alloc(layout.refcountTableClusters * QCOW2_CLUSTER_BYTES);
  const counts = Buffer.alloc(layout.refcountBlockClusters * QCOW2_CLUSTER_BYTES);
  for (let block = 0; block < layout.refcountBlockClusters; block += 1)
    table.writeBigUInt64BE(offsetOf(layout.refcountBlocks + block), block * 8);
  for (let cluster = 0; cluster < layout.clusters; cluster += 1) counts.writeUInt16BE(1, cluster * 2);
  await write(table, layout.refcountTable);
  await write(counts, layout.refcountBlocks);
  const l1 = Buffer.alloc(Math.ceil((layout.l1Entries * 8) / QCOW2_CLUSTER_BYTES) * QCOW2_CLUSTER_BYTES);
  for (const [index, entry] of layout.tables.entries())
    l1.writeBigUInt64BE(offsetOf(layout.l2 + index) | COPIED, entry * 8);
  await write(l1, layout.l1);
  let at = 0;
  for (const [index, entry] of layout.tables.entries()) {
    const l2 = Buffer.alloc(QCOW2_CLUSTER_BYTES);
    for (; at < used.length; at += 1) {
      const cluster = used[at] ?? 0;
      if (Math.floor(cluster / PER_TABLE) !== entry) break;
      signal.throwIfAborted();
      l2.writeBigUInt64BE(offsetOf(layout.data + at) | COPIED, (cluster % PER_TABLE) * 8);
      await write(await read(cluster), layout.data + at);
    }
    await write(l2, layout.l2 + index);
  }
}
