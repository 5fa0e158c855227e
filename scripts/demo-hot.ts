// SPDX-License-Identifier: Apache-2.0
// npm run demo:hot: a running, busy server becomes a VM without a CD: it is copied ahead twice while it works, then the live system
// takes its place in memory and sends what changed. All on this machine; the server is in QEMU, the host is a sshd of its own.
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bringLiveSystem, copyLiveWords, cutoverWords, followConsole, NAME } from "../lab/hot/cutover.ts";
import { startGround } from "../lab/hot/ground.ts";
import { formatBytes, formatSeconds, type Report } from "../src/core/index.ts";

const abort = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => abort.abort(new Error(`Stopped by ${name}`)));
const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(60 * 60_000)]);
const begun = performance.now();
const seconds = (): string => `${Math.round((performance.now() - begun) / 1000)} s`;
const onProgress = (text: string): void => console.log(`   ${text} (${seconds()})`);
const onLine = (line: string): void => console.log(`   ${line}`);

const vms = resolve("vms");
await rm(join(vms, NAME), { recursive: true, force: true }); // of the demo before: copy --live touches no finished VM

console.log(
  "1. A server that runs: Debian 12 in QEMU, ext4 on an IDE disk; PostgreSQL, SQLite and files are written all the time.",
);
await using ground = await startGround({ vms, onProgress, signal });
const { server } = ground;
await bringLiveSystem(server, { onProgress, signal });

const shown = (words: readonly string[]): string => words.join(" ").replace("sh /root/virt-p2v", "virt-p2v");
for (const number of [2, 3]) {
  const words = copyLiveWords(ground);
  console.log(`\n${number}. root@kiosk# ${shown(words)}\n`);
  await server.ssh(words, { onLine, timeoutMs: 30 * 60_000 });
}
const words = cutoverWords(ground);
console.log(`\n4. root@kiosk# ${shown(words)}\n`);
let hasJumped = false;
const over = followConsole(server, /virt-p2v live: (done|FAILED)|\blogin: /, {
  timeoutMs: 30 * 60_000,
  onLine: (line) => {
    hasJumped ||= line.includes("Starting new kernel");
    if (hasJumped || line.includes("systemd-shutdown")) onLine(line);
  },
});
await server.ssh(words, { onLine, timeoutMs: 30 * 60_000, allowCodes: [255] });
await over;
if (!/virt-p2v live: done/.test(await server.console()))
  throw new Error("The live system did not get through, and the server runs as it did: see above");
await server.poweredOff({ timeoutMs: 10 * 60_000 });

const report = JSON.parse(await readFile(join(vms, NAME, "report.json"), "utf8")) as Report;
const used = report.disks.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
const sent = report.disks.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
const { cutover = null } = report;
const downtime = cutover === null ? "not told" : formatSeconds(cutover.downtimeSeconds);
console.log(`\n5. downtime ${downtime}; ${formatBytes(used)} in use, ${formatBytes(sent)} changed`);
console.log(
  `   Look at vms/${NAME}/report.html, boot.png and console.log; start it: sh vms/${NAME}/${NAME}.qemu.sh`,
);
console.log(`   Demo: ${seconds()}, ${report.outcome.kind}`);
process.exitCode = report.outcome.kind === "booted" ? 0 : 1;
