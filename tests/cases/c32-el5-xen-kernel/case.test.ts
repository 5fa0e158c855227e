// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "CentOS 5 whose only kernel is kernel-xen; the VM is one of KVM",
  right: "it stops: a plain kernel is needed; no advice to add drivers to the one that is there",
  disks: ["xvda.img"],
  check({ code, problems, text }) {
    assert.equal(code, 6);
    const [problem, ...more] = problems("kernel-xen-only");
    assert.ok(problem !== undefined && more.length === 0);
    assert.equal(problem.severity, "stops");
    assert.deepEqual(namesIn(problem, "kernel"), ["2.6.18-398.el5xen"]);
    assert.deepEqual([...problems("drivers-missing"), ...problems("devices-emulated")], []);
    assert.doesNotMatch(text, /kernel-xen-\d/);
  },
});
