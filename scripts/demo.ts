// SPDX-License-Identifier: Apache-2.0
// npm run demo: an aged Debian server's disk becomes a VM that boots, on this machine, with the embedded default host.
import { type ChildProcess, spawn } from "node:child_process";
import { demoDisk } from "../lab/demo/machine.ts";

const abort = new AbortController();
let child: ChildProcess | null = null;
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => {
    abort.abort(new Error(`Stopped by ${name}`));
    child?.kill(name); // it cleans up; we wait for it
  });
const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(30 * 60_000)]);
const begun = performance.now();

console.log(
  "1. A physical machine's disk: 6 GiB, Debian 12, ext4 root named /dev/sda1, network on enp3s0, no virtio drivers.",
);
const disk = await demoDisk({ signal, onProgress: (text: string) => console.log(`   ${text}`) });
console.log(`   ${disk}`);

const argv = [
  "migrate",
  "--disk",
  disk,
  "--to",
  "dir:./vms",
  "--name",
  "aurora",
  "--proof",
  "full",
  "--yes",
  "--replace",
];
console.log(`\n2. ./bin/virt-p2v ${argv.join(" ")}\n`);
const code = await new Promise<number>((resolve, reject) => {
  child = spawn("bin/virt-p2v", argv, { stdio: "inherit" });
  child.on("error", reject);
  child.on("close", (status) => resolve(status ?? 1));
});

console.log(
  `\n3. Look at vms/aurora/report.html, boot.png and console.log; start it: sh vms/aurora/aurora.qemu.sh`,
);
console.log(`   Check every byte again: ./bin/virt-p2v verify vms/aurora`);
console.log(`   Demo: ${Math.round((performance.now() - begun) / 1000)} s, exit code ${code}`);
process.exitCode = code;
