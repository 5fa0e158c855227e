// SPDX-License-Identifier: Apache-2.0
// Runs tests/live/ inside the live CD, where there is device-mapper.
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../src/system/index.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { makeFilesDisk, startLiveVm } from "../support/vms/live-vm.ts";
import { temporary } from "../support/temporary.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

test("the overlay by device-mapper keeps its promises", { timeout: 60 * 60_000 }, async (t) => {
  const directory = await temporary(t);
  const iso = await liveIso(t.signal);
  const tree = join(directory, "tree");
  for (const name of ["src", "tests/live", "tests/support", "lab", "bin", "package.json", ...NODE_MODULES])
    await cp(join(REPOSITORY, name), join(tree, name), { recursive: true });
  const disk = join(directory, "tree.img");
  await makeFilesDisk(disk, tree, { sizeMb: 96 });
  const lun = await makeLun(join(directory, "lun.img"), "11111111-0000-4000-8000-000000000001");
  const other = await makeLun(join(directory, "other.img"), "11111111-0000-4000-8000-000000000002");
  await using vm = await startLiveVm({
    iso,
    boot: "kernel",
    parameters: "p2v.toram=no",
    memoryMb: 1536,
    readOnlyDisks: [disk],
    moreArgs: [
      "-device",
      "virtio-scsi-pci",
      ...scsiDisk("a", { file: lun, serial: "ONE" }),
      ...scsiDisk("b", { file: lun, serial: "ONE" }),
      ...scsiDisk("c", { file: other, serial: "OTHER" }),
    ],
    signal: t.signal,
  });
  await vm.see(/Enter for the wizard/, { timeoutMs: 8 * 60_000 });
  vm.type("shell\n");
  await vm.see(/root@virt-p2v/, { timeoutMs: 60_000 });
  // The mark is put together there, so that what was typed is not taken for it.
  const node = "/usr/lib/virt-p2v/node --no-memory-protection-keys"; // as bin/virt-p2v starts it
  const tests = `${node} --test --test-concurrency=1 --test-reporter=tap tests/live/*.test.ts`;
  vm.type(`mount -o ro /dev/vda /mnt && cd /mnt && TERM=dumb ${tests}; echo P2V-"TESTS" $?\n`);
  await vm.see(/P2V-TESTS \d+/, { timeoutMs: 40 * 60_000 });
  const text = vm.console();
  assert.match(text, /P2V-TESTS 0\n/, text.slice(-6000));
});

const NODE_MODULES = ["zod", "yaml", "xmlbuilder2", "diff", "@oozcitak"].map(
  (name) => `node_modules/${name}`,
);

/** For two-paths.test.ts: a disk with a partition, small and empty. */
async function makeLun(path: string, uuid: string): Promise<string> {
  await run(["truncate", "--size", "16M", path]);
  await run(["sfdisk", "--quiet", path], { input: `label: gpt\nlabel-id: ${uuid}\n2048,+,L\n` });
  return path;
}

/** All of one name in the world. */
const scsiDisk = (id: string, { file, serial }: { file: string; serial: string }): readonly string[] => [
  "-drive",
  `file=${file},format=raw,if=none,id=lun-${id},readonly=on`,
  "-device",
  `scsi-hd,drive=lun-${id},serial=${serial},wwn=0x5000c50015ea71ac`,
];
