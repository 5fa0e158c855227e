// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: the demo machine's disk over a real sshd on 127.0.0.1, by us and by others, in the same run.
// Usage: bench.ts [--runs N] [--only NAME]
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { copyDisks } from "../src/copy/index.ts";
import { sshHost } from "../src/hosts/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../src/inspect/index.ts";
import { attachLoop, run } from "../src/system/index.ts";
import { demoDisk } from "../tests/support/demo-machine.ts";
import { startSshd } from "../tests/support/sshd.ts";
import { cpuSeconds, median, type Sample } from "./measure.ts";

const { values } = parseArgs({ options: { runs: { type: "string" }, only: { type: "string" } } });
const runs = Number(values.runs ?? 5);
const signal = new AbortController().signal;
const timeoutMs = 3_600_000;

const path = await demoDisk({ signal });
const disk = await openSourceDisk(path, 1);
const { graph } = await readDiskGraph([disk], { signal });
const { maps } = await readUsedMaps({ graph, views: new Map([[1, path]]), signal });
const map = maps.get(1);
if (map === undefined) throw new Error("The demo disk has no map");
const table = JSON.parse((await run(["sfdisk", "-J", path])).stdout) as {
  partitiontable: { partitions: { start: number; size: number }[] };
};
const [root] = table.partitiontable.partitions;
if (root === undefined) throw new Error("The demo disk has no partition");

await using opened = new AsyncDisposableStack();
const sshd = opened.use(await startSshd());
const pid = Number(await readFile(join(sshd.directory, "sshd.pid"), "utf8"));
const directory = await mkdtemp(join(tmpdir(), "p2v-bench-"));
opened.defer(() => rm(directory, { recursive: true, force: true }));
const partition = { offset: root.start * 512, sizeBytes: root.size * 512, readOnly: true, signal };
const loop = opened.use(await attachLoop(path, partition)).path;

const ssh = `ssh -F ${sshd.sshConfigPath} -c aes128-gcm@openssh.com ${sshd.hostAlias}`;
const pack = `partclone.ext4 -c -a0 -s ${loop} -o - -L ${directory}/log 2>/dev/null | zstd -1 -q`;
const image = `${directory}/peer.img`;
const shell = async (script: string): Promise<string> =>
  (await run(["bash", "-o", "pipefail", "-c", script], { timeoutMs, signal })).stdout;

async function ours(): Promise<{ seconds: number; sentBytes: number }> {
  const destination = { kind: "ssh", user: null, host: sshd.hostAlias, port: null, path: directory } as const;
  await using host = await sshHost({ destination, sshConfig: sshd.sshConfigPath, signal });
  await (await host.connectAgent({ directory, signal }))[Symbol.asyncDispose](); // uploaded, when it was not there
  const begun = performance.now();
  const read = { sourcePath: path, viewPath: path, touched: [] };
  const wanted = {
    number: 1,
    file: "ours.img",
    format: "raw",
    sizeBytes: disk.sizeBytes,
    map,
    read,
  } as const;
  const [result] = await copyDisks({
    host,
    directory,
    disks: [wanted as Parameters<typeof copyDisks>[0]["disks"][number]],
    mode: "replace",
    emit: () => undefined,
    signal,
  });
  return { seconds: (performance.now() - begun) / 1000, sentBytes: result?.sentBytes ?? 0 };
}

async function peer(script: string): Promise<{ seconds: number; sentBytes: null }> {
  const begun = performance.now();
  await shell(script);
  return { seconds: (performance.now() - begun) / 1000, sentBytes: null };
}

type Way = {
  readonly name: string;
  readonly image: string;
  readonly copy: () => Promise<{ seconds: number; sentBytes: number | null }>;
};
const restore = `unzstd -q | partclone.ext4 -r -C -W -s - -o ${image} -L ${directory}/log2 2>/dev/null`;
const ways: readonly Way[] = [
  { name: "virt-p2v", image: `${directory}/ours.img.partial`, copy: ours },
  { name: "partclone", image, copy: () => peer(`${pack} | ${ssh} '${restore}'`) },
  {
    name: "dd",
    image,
    copy: () =>
      peer(
        `dd if=${path} bs=1M status=none | ssh -C -F ${sshd.sshConfigPath} ${sshd.hostAlias} 'cat >${image}'`,
      ),
  },
].filter(({ name }) => values.only === undefined || values.only === name);

const packedBytes = Number(await shell(`${pack} | wc -c`)); // also warms the page cache, for all the same
const samples = new Map<string, Sample[]>(ways.map(({ name }) => [name, []]));
for (let round = 0; round < runs; round += 1)
  for (let turn = 0; turn < ways.length; turn += 1) {
    const way = ways[(round + turn) % ways.length]; // the order rotates
    if (way === undefined) continue;
    const before = await cpuSeconds(pid);
    const { seconds, sentBytes } = await way.copy();
    const used = (await cpuSeconds(pid)) - before;
    const { blocks } = await stat(way.image);
    const sent = way.name === "partclone" ? packedBytes : sentBytes;
    samples.get(way.name)?.push({ seconds, cpuSeconds: used, sentBytes: sent, occupiedBytes: blocks * 512 });
    for (const file of [way.image, `${directory}/ours.hashes.partial`]) await rm(file, { force: true });
  }

const load = loadavg()
  .map((one) => one.toFixed(1))
  .join(" ");
console.log(
  `${cpus()[0]?.model ?? "?"}, ${cpus().length} CPUs, load ${load}, medians of ${runs}, page cache warm`,
);
const mib = (bytes: number): string =>
  (Number.isNaN(bytes) ? "-" : `${Math.round(bytes / 2 ** 20)}`).padStart(10);
const rows = [...samples].map(([name, list]) => {
  const of = (value: (sample: Sample) => number): number => median(list.map(value));
  return {
    name,
    seconds: of((one) => one.seconds),
    cpu: of((one) => one.cpuSeconds),
    sent: of((one) => one.sentBytes ?? Number.NaN),
    occupied: of((one) => one.occupiedBytes),
  };
});
const us = rows.find(({ name }) => name === "virt-p2v");
console.log(
  `${"".padEnd(12)}${["wall s", "CPU s", "sent MiB", "disk MiB", "our wall/", "our CPU/"].map((one) => one.padStart(10)).join("")}`,
);
for (const { name, seconds, cpu, sent, occupied } of rows) {
  const ratio = (ours: number | undefined, theirs: number): string =>
    (ours === undefined ? "-" : (ours / theirs).toFixed(2)).padStart(10);
  console.log(
    `${name.padEnd(12)}${seconds.toFixed(1).padStart(10)}${cpu.toFixed(1).padStart(10)}${mib(sent)}${mib(occupied)}${ratio(us?.seconds, seconds)}${ratio(us?.cpu, cpu)}`,
  );
}
console.log("Not measured: nbdkit + ssh -R + nbdcopy (Debian packages nbdkit, libnbd-bin).");
