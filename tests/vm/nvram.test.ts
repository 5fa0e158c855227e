// SPDX-License-Identifier: Apache-2.0
// The old firmware's boot menu in a store of OVMF: the firmware itself starts the loader by its entry, with no fallback there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { known } from "../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../src/inspect/index.ts";
import { localHost } from "../../src/hosts/index.ts";
import { chooseBootEntries } from "../../src/plan/boot-entries.ts";
import { findFirmware, writeBootEntries } from "../../src/vm/index.ts";
import { machineDisks } from "../support/guests/machines/index.ts";
import { bootVm } from "../support/vms/qemu.ts";
import { SAMPLE_VMS } from "../../lab/samples/vm.ts";
import { temporary } from "../support/temporary.ts";

test("OVMF starts the machine's loader by its old entry, in the old order", {
  timeout: 15 * 60_000,
}, async (t) => {
  const directory = await temporary(t);
  const [path = ""] = await machineDisks("uefi", { signal: t.signal });
  const { graph } = await readDiskGraph([await openSourceDisk(path, 1)], { signal: t.signal });
  const esp = graph.nodes.find(
    ({ holds }) => holds.kind === "partition" && holds.type.startsWith("C12A7328"),
  );
  assert.ok(esp?.holds.kind === "partition");
  const at = (file: string): string =>
    esp.holds.kind === "partition" ? `HD(${esp.holds.number},GPT,${esp.holds.uuid})/${file}` : "";
  const bootEntries = chooseBootEntries(
    known({
      kind: "uefi",
      secureBoot: false,
      bootEntries: [
        { number: 5, label: "A system that is gone", active: true, path: at("\\EFI\\gone\\grubx64.efi") },
        { number: 2, label: "Old menu", active: true, path: at("\\EFI\\debian\\shimx64.efi") },
      ],
    }),
    graph,
  );
  assert.equal(bootEntries.length, 2);
  await using host = localHost();
  const found = await findFirmware(host, { kind: "uefi", secureBoot: false });
  assert.ok(found !== null, "OVMF is not installed");
  const [sample] = Object.values(SAMPLE_VMS);
  assert.ok(sample !== undefined);
  const vars = join(directory, "vars.fd");
  assert.equal(
    await writeBootEntries(host, { vm: { ...sample, bootEntries }, template: found.vars, to: vars }),
    null,
  );
  const vm = await bootVm({
    machine: "q35",
    disks: [{ path, bus: "virtio" }],
    until: /Welcome to GRUB|GNU GRUB|Loading Linux/,
    timeoutMs: 300_000,
    moreArgs: [
      "-drive",
      `if=pflash,format=raw,unit=0,readonly=on,file=${found.code}`,
      "-drive",
      `if=pflash,format=raw,unit=1,file=${vars}`,
    ],
    signal: t.signal,
  });
  assert.equal(vm.end, "seen", vm.console);
  assert.match(vm.console, /BdsDxe: starting Boot0001 "Old menu" from HD\(/);
  assert.doesNotMatch(vm.console, /starting Boot0000/);
  assert.notDeepEqual(await readFile(vars), await readFile(found.vars));
});
