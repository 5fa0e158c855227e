// SPDX-License-Identifier: Apache-2.0
// The demo machine works on hardware like its own, and does not as a VM: what the conversion has to change.
import assert from "node:assert/strict";
import { test } from "node:test";
import { demoDisk } from "../../lab/demo/machine.ts";
import { bootVm } from "../support/vms/qemu.ts";

const signal = AbortSignal.timeout(20 * 60_000);

test("the demo machine is well on its own kind of hardware: login on tty1, no failed unit, network", async (t) => {
  const path = await demoDisk({ signal, onProgress: (text) => t.diagnostic(text) });
  const vm = await bootVm({
    machine: "q35",
    disks: [{ path, bus: "ide" }],
    nic: { model: "e1000e", mac: "52:54:00:12:34:56", pciBus: 3 },
    timeoutMs: 300_000,
    typing: [
      { when: /aurora login:/, text: "root\n" },
      { when: /Password:/, text: "p2v\n" },
      {
        when: /aurora:~#/,
        text: "clear; systemctl is-system-running --wait; ip -4 -o address; swapon; echo end\n",
      },
    ],
    untilScreen: /^end$/m,
    signal,
  });
  assert.equal(vm.end, "seen", vm.screen);
  assert.match(vm.screen, /^running$/m);
  assert.match(vm.screen, /enp3s0\s+inet 10\.0\.2\.15/);
  assert.match(vm.screen, /^\/dev\/sda5 partition/m);
  assert.equal(vm.console.includes("login:"), false, "there is no login on the serial console");
  t.diagnostic(`all seen after ${Math.round(vm.seconds)} s`);
});

test("the unconverted demo machine does not boot with virtio: its initramfs finds no disk", async (t) => {
  const path = await demoDisk({ signal, onProgress: (text) => t.diagnostic(text) });
  const vm = await bootVm({
    machine: "q35",
    disks: [{ path, bus: "virtio" }],
    nic: { model: "virtio-net-pci", mac: "52:54:00:12:34:56" },
    timeoutMs: 300_000,
    untilScreen: /aurora login:|\(initramfs\)/,
    signal,
  });
  assert.equal(vm.end, "seen", vm.screen);
  assert.match(vm.screen, /ALERT! {2}\/dev\/sda1 does not exist/);
  assert.match(vm.screen, /\(initramfs\)/);
  t.diagnostic(`(initramfs) after ${Math.round(vm.seconds)} s`);
});
