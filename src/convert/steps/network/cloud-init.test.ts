// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloudInit } from "../../../core/index.ts";
import { fakeGuest, propose } from "../../../../tests/support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";

const SET: CloudInit = { source: "MAAS", leavesNetwork: false, keepsInstance: false };

test("what cloud-init set up stays as it is in the VM, and is written only where it would change", async (t) => {
  const said = async (cloudInit: CloudInit | null): Promise<string> => {
    const guest = testGuestOS({ kernels: [], ...(cloudInit === null ? {} : { cloudInit }) });
    const fake = await fakeGuest(t, { guest, intent: { ...testIntent(), nics: [] } });
    const { changes, problems } = await propose(fake);
    const written = changes.some(({ path }) => path === "/etc/cloud/cloud.cfg.d/zz-virt-p2v.cfg");
    const note = problems.find(({ code }) => code === "cloud-init-kept");
    assert.equal(note !== undefined, written);
    return String(note?.text ?? "");
  };
  assert.match(await said(SET), /from the data source MAAS;/);
  assert.match(await said({ ...SET, source: null }), /machine up;/);
  assert.match(await said({ ...SET, leavesNetwork: true }), /ssh host keys/); // a new instance has new ones
  assert.equal(await said({ ...SET, leavesNetwork: true, keepsInstance: true }), "");
  assert.equal(await said({ source: "None", leavesNetwork: true, keepsInstance: false }), "");
  assert.equal(await said(null), "");
});
