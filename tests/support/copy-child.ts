// SPDX-License-Identifier: Apache-2.0
// One copy of a disk image, by its used blocks, as a process of its own: `copy-child.ts IMAGE DIRECTORY SSH-CONFIG HOST RATE`.
// Prints the durable bytes as it goes, and the result as JSON at the end.
import { copyDisks } from "../../src/copy/index.ts";
import { uniform } from "../../src/core/index.ts";
import { sshHost } from "../../src/hosts/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../../src/inspect/index.ts";

const [image = "", directory = "", sshConfig = "", hostAlias = "", rate = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const disk = await openSourceDisk(image, 1);
const { graph } = await readDiskGraph([disk], { signal });
const { maps } = await readUsedMaps({ graph, views: new Map([[1, image]]), signal });
const destination = { kind: "ssh", user: null, host: hostAlias, port: null, path: "/x" } as const;
await using host = await sshHost({ destination, sshConfig, signal });
const [result] = await copyDisks({
  host,
  directory,
  disks: [
    {
      number: 1,
      file: "web-1.img",
      format: "raw",
      sizeBytes: disk.sizeBytes,
      map: maps.get(1) ?? uniform(disk.sizeBytes, "data"),
      read: { sourcePath: image, viewPath: image, touched: [] },
    },
  ],
  limitBytesPerSecond: Number(rate),
  compress: "none",
  retryForMs: 30_000, // the former agent may still be making durable what it has
  pauseMs: () => 100,
  signal,
  emit: (event) => {
    if (event.type === "progress") process.stdout.write(`${event.doneBytes}\n`);
  },
});
process.stdout.write(`${JSON.stringify(result)}\n`);
