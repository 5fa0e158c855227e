// SPDX-License-Identifier: Apache-2.0
// Writes a qcow2 image that holds some clusters of a disk and names no backing file: a layer, to be laid above an image.
// Format: docs/interop/qcow2.txt of QEMU, version 3, clusters of 64 KiB, 16-bit reference counts.
import { open } from "node:fs/promises";

export const QCOW2_CLUSTER_BYTES = 65_536;
const PER_TABLE = QCOW2_CLUSTER_BYTES / 8;
const PER_REFCOUNT_BLOCK = QCOW2_CLUSTER_BYTES / 2;
const HEADER_BYTES = 104;
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
  header.write("QFI\xfb", 0, "latin1");
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(16, 20); // cluster bits; bytes 8 to 19: no backing file
  header.writeBigUInt64BE(BigInt(Math.ceil(sizeBytes / 512) * 512), 24);
  header.writeUInt32BE(layout.l1Entries, 36);
  header.writeBigUInt64BE(offsetOf(layout.l1), 40);
  header.writeBigUInt64BE(offsetOf(layout.refcountTable), 48);
  header.writeUInt32BE(layout.refcountTableClusters, 56);
  header.writeUInt32BE(4, 96); // reference counts of 2^4 bits
  header.writeUInt32BE(HEADER_BYTES, 100);
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
