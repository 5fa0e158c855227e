// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskGraph, testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { stableOptions } from "./mount-options.ts";
import { readVolumes } from "./volumes.ts";

const volumes = readVolumes(testGuestOS(), testIntent());
const options = (text: string) => stableOptions(text, null, volumes);

test("devices in mount options get names that the VM has; those of a btrfs go", () => {
  const [uuid] = diskGraph().nodes.flatMap(({ holds }) => (holds.kind === "filesystem" ? [holds.uuid] : []));
  const link = `/dev/disk/by-uuid/${uuid}`;
  assert.deepEqual(options("noatime,logdev=/dev/sda1,rw"), {
    options: `noatime,logdev=${link},rw`,
    lost: [],
  });
  assert.deepEqual(options("device=/dev/sda1,device=/dev/sdq1"), { options: "defaults", lost: [] });
  assert.deepEqual(options("device=/dev/sdq1,subvol=@").options, "subvol=@");
});

test("what is stable, unknown or no device stays, and is reported where it matters", () => {
  for (const text of [
    "defaults",
    "",
    "logdev=/dev/vg0/log",
    "device=/dev/disk/by-uuid/1-2",
    "x-systemd.device-timeout=5",
  ])
    assert.deepEqual(options(text), { options: text, lost: [] });
  assert.deepEqual(options("rtdev=/dev/sdq1"), { options: "rtdev=/dev/sdq1", lost: ["rtdev=/dev/sdq1"] });
  assert.equal(options("logdev=/dev/sda1$(reboot)").options, "logdev=/dev/sda1$(reboot)");
});
