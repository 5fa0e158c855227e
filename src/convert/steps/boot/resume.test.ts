// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ROOT_UUID,
  SWAP_UUID,
  testGuestOS,
  testIntent,
} from "../../../../tests/support/guests/sample-guest.ts";
import { fakeGuest, proposeStep, textAfter } from "../../../../tests/support/guests/convert-guest.ts";
import { layeredView } from "../../../system/index.ts";
import { deviceNames } from "./command-lines.ts";
import { renderConf, resume } from "./resume.ts";

const [guest, intent] = [testGuestOS(), testIntent()];
const names = deviceNames({ guest, intent });
const render = (text: string): { text: string; lost: readonly string[] } =>
  renderConf(text, names, intent.nics);

test("what initramfs-tools is configured with gets names of the VM", () => {
  const link = `/dev/disk/by-uuid/${ROOT_UUID}`;
  for (const [before, after] of [
    ["RESUME=/dev/sda2\n", `RESUME=UUID=${SWAP_UUID}\n`],
    ["RESUME=/dev/mapper/gone-swap\n", "RESUME=none\n"],
    ["ROOT=/dev/sda1\n", `ROOT=UUID=${ROOT_UUID}\n`],
    ["CRYPTROOT=target=root,source=/dev/sda1,key=none\n", `CRYPTROOT=target=root,source=${link},key=none\n`],
    ["DEVICE=enp3s0\nIP=192.0.2.5::192.0.2.1:255.255.255.0:web:enp3s0:off\n", null],
    ["DEVICE=\nRESUME=auto\nROOT=\nBOOT=local\n", null],
  ] as const)
    assert.deepEqual(render(before), { text: after ?? before, lost: [] });
});

test("what the VM does not have is reported", () => {
  for (const [text, lost] of [
    ["DEVICE=eth7\n", "eth7"],
    ["IP=192.0.2.5::192.0.2.1:255.255.255.0:web:eth7:off\n", "eth7"],
    ["ROOT=/dev/sdc1\n", "/dev/sdc1"],
    ["CRYPTROOT=target=root,source=/dev/sdc2\n", "/dev/sdc2"],
  ] as const)
    assert.deepEqual(render(text), { text, lost: [lost] });
});

test("what logs in to a SAN from the initramfs is commented out, once, and reported", async (t) => {
  const path = "/etc/iscsi/iscsi.initramfs";
  const text = "# mine\nISCSI_INITIATOR=iqn.a\nISCSI_TARGET_IP=192.0.2.5\n";
  const fake = await fakeGuest(t, { files: { [path]: text } });
  const { changes, problems } = await proposeStep(resume, fake);
  const after = await textAfter(changes, path, fake.blobs);
  assert.ok(after.split("\n").every((line) => line === "" || line.startsWith("#")));
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["boot-from-san"],
  );
  const again = { ...fake, view: layeredView(fake.view, fake.blobs, changes) };
  assert.deepEqual((await proposeStep(resume, again)).changes, []);
});
