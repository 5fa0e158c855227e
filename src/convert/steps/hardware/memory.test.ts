// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { memory } from "./memory.ts";

const GIB = 2 ** 30;

async function codes(t: TestContext, words: string, more: { sysctl?: string; memoryBytes?: number } = {}) {
  const { sysctl = "", memoryBytes = 2 * GIB } = more;
  const guest = await fakeGuest(t, {
    files: {
      "/etc/sysctl.conf": sysctl,
      "/boot/grub/grub.cfg": `menuentry 'x' {\n\tlinux /boot/vmlinuz-1 root=/dev/sda1 ro ${words}\n}\n`,
    },
    intent: { ...testIntent(), memoryBytes },
  });
  const { problems } = await proposeStep(memory, guest);
  return problems.map(({ code, text }) => `${code}: ${String(text)}`);
}

test("a guest that fits is not talked about", async (t) => {
  assert.deepEqual(await codes(t, "crashkernel=256M hugepages=100 mem=8G"), []);
  assert.deepEqual(await codes(t, "hugepagesz=1G hugepages=96", { memoryBytes: 128 * GIB }), []);
  assert.deepEqual(await codes(t, "", { sysctl: "vm.min_free_kbytes = 67584\n", memoryBytes: GIB / 2 }), []);
});

test("pages of one size are counted once, though both set them; crashkernel= and mem= are reported by themselves", async (t) => {
  const [both, ...more] = await codes(t, "hugepages=512", { sysctl: "vm.nr_hugepages=2048\n" });
  assert.match(String(both), /^memory-reserved: The guest sets aside 4\.0 GiB .* 2\.0 GiB: hugepages=512/);
  assert.deepEqual(more, []);
  const others = await codes(t, "crashkernel=4G mem=1G");
  assert.deepEqual(
    others.map((text) => text.split(":")[0]),
    ["crashkernel-too-large", "memory-limited"],
  );
});

test("what tuned adds to the command line, and scripts at boot, count", async (t) => {
  const files = {
    "/boot/grub2/grubenv": "",
    "/boot/grub/grub.cfg":
      'set tuned_params="skew_tick=1 hugepagesz=1G hugepages=8"\nmenuentry x {\n\tlinux /vmlinuz-1 root=/dev/sda1 $tuned_params\n}\n',
    "/etc/rc.d/rc.local": "#!/bin/sh\necho 4096 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n",
    "/etc/rc.local": { link: "/etc/rc.d/rc.local" },
  };
  const guest = await fakeGuest(t, { files, intent: { ...testIntent(), memoryBytes: 2 * GIB } });
  const [problem] = (await proposeStep(memory, guest)).problems;
  assert.match(
    String(problem?.text),
    /sets aside 16\.0 GiB .*hugepages=8 of .*nr_hugepages=4096 of 2\.0 MiB/,
  );
});
