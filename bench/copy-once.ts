// SPDX-License-Identifier: Apache-2.0
// Plans and copies one image in a process of its own, and says how long the plan took and how much memory it all had.
// Usage: copy-once.ts IMAGE DIRECTORY SSH-CONFIG HOST
import { readFile } from "node:fs/promises";
import { copyDisks } from "../src/copy/index.ts";
import { sshHost } from "../src/hosts/index.ts";
import { OUR_FILE, readMap } from "./scene.ts";

const [path, directory, sshConfig, host] = process.argv.slice(2);
if (path === undefined || directory === undefined || sshConfig === undefined || host === undefined)
  throw new Error("Four words are needed");
const { signal } = new AbortController();
const begun = performance.now();
const { sizeBytes, map } = await readMap(path, signal);
const planSeconds = (performance.now() - begun) / 1000;
const destination = { kind: "ssh", user: null, host, port: null, path: directory } as const;
await using there = await sshHost({ destination, sshConfig, signal });
const read = { sourcePath: path, viewPath: path, touched: [] };
await copyDisks({
  host: there,
  directory,
  disks: [{ number: 1, file: OUR_FILE, format: "raw", sizeBytes, map, read }],
  mode: "replace",
  emit: () => undefined,
  signal,
});
const kib = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile("/proc/self/status", "latin1"))?.[1];
process.stdout.write(JSON.stringify({ planSeconds, peakBytes: Number(kib) * 1024 }));
