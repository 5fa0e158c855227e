// SPDX-License-Identifier: Apache-2.0
// The chain of QEMU block nodes below an export, as --blockdev options: source, overlay store, further layers. Pure.
import type { SourceDisk } from "../core/index.ts";

/** One qcow2 store above the source; only the uppermost may be written. */
export type Layer = { readonly storePath: string; readonly writable: boolean };

/** A --blockdev option in its JSON form: the only one in which any file name is safe. */
export type BlockNodeOptions = Readonly<Record<string, unknown>>;

export type Chain = {
  /** Secrets that nodes name, as --object options. */
  readonly objects?: readonly BlockNodeOptions[];
  readonly nodes: readonly BlockNodeOptions[];
  readonly top: string;
};

/** All stores have this cluster size: small enough for scattered metadata, and what hosts expect of an image. */
export const CLUSTER_BYTES = 65_536;

/**
 * Fails a discard in a way that makes the kernel stop asking. QEMU's FUSE export answers a punched hole with success,
 * yet parts of clusters keep their old bytes; the loop driver punches holes for "write zeroes", so ext4 and xfs would
 * find garbage where they zeroed. ENOSYS is the one errno at which FUSE gives up fallocate for the whole mount; loop
 * then writes zeroes (proved in tests/block/overlay/overlay.test.ts).
 */
const NO_DISCARD = [{ event: "none", iotype: "discard", errno: 38, immediately: true, once: false }];

/** Above a writable node, with that as `image`. */
export const NO_DISCARD_NODE = {
  driver: "blkdebug",
  "node-name": "no-discard",
  discard: "unmap", // else the request would be dropped, with success, before it is refused
  "inject-error": NO_DISCARD,
} as const;

/**
 * The source is opened read-only whatever happens. Its locks stay on: when another QEMU program writes to it, opening
 * fails. Stores are throw-away, so flushing them to disk would be time lost.
 */
export function chainOf(disk: SourceDisk, layers: readonly Layer[]): Chain {
  const nodes: BlockNodeOptions[] = [
    {
      driver: disk.kind === "device" ? "host_device" : "file",
      "node-name": "source-file",
      filename: disk.path,
      "read-only": true,
      "auto-read-only": false,
    },
    { driver: "raw", "node-name": "source", file: "source-file", "read-only": true },
  ];
  let below = "source";
  for (const [index, layer] of layers.entries()) {
    const name = `layer-${index}`;
    nodes.push(
      {
        driver: "file",
        "node-name": `${name}-file`,
        filename: layer.storePath,
        "read-only": !layer.writable,
        "auto-read-only": false,
        cache: { "no-flush": true },
      },
      {
        driver: "qcow2",
        "node-name": name,
        file: `${name}-file`,
        backing: below,
        "read-only": !layer.writable,
      },
    );
    below = name;
    if (!layer.writable) continue;
    nodes.push({ ...NO_DISCARD_NODE, image: name });
    below = NO_DISCARD_NODE["node-name"];
  }
  return { nodes, top: below };
}
