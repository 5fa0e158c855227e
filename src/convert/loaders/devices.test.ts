// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { resumeName } from "./devices.ts";
import { readVolumes } from "../names/volumes.ts";

test("problem 11: resumeName() names the swap by UUID, and none where it is gone", () => {
  const volumes = { volumes: readVolumes(testGuestOS(), testIntent()), style: "UUID=" as const };
  assert.equal(resumeName("/dev/sda2", volumes), "UUID=3f1c2a4e-0000-4000-8000-000000000002");
  assert.equal(resumeName("/dev/sdb1", volumes), "none");
  assert.equal(resumeName("UUID=dead0000-1111-2222-3333-444444444444", volumes), "none");
  assert.equal(resumeName("UUID=3f1c2a4e-0000-4000-8000-000000000002", volumes), null);
  assert.equal(resumeName("/dev/mapper/vg-swap", volumes), "none", "the disks hold no volume group");
  for (const kept of ["none", "auto"]) assert.equal(resumeName(kept, volumes), null);
});
