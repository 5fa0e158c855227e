// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../../lab/samples/report.ts";
import { planJson } from "./plan-json.ts";

test("a plan's JSON has a diff for each change, in a list of their own", () => {
  const { intent, vm, guest, changes, problems } = sampleReport();
  const place = { hypervisor: "files", kvm: false, networks: [], linkUp: true, autostart: false } as const;
  const preview = {
    format: "plan/1",
    intent,
    vm,
    place,
    guest,
    changes,
    problems,
    chain: null,
    disks: [],
  } as const;
  const json = planJson({ ...preview, sha256: "5eed" });
  assert.equal(json.sha256, "5eed");
  assert.notEqual(changes.length, 0);
  assert.equal(json.diffs.length, changes.length);
  for (const [index, { diff, ...change }] of changes.entries()) {
    assert.deepEqual(json.changes[index], change);
    assert.equal(json.diffs[index], diff);
  }
});
