// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { xenAbilities } from "./xen-kernels.ts";

const isOnly = (version: string, ...config: readonly string[]): boolean =>
  xenAbilities(version, new Set(config)).xenOnly === true;

test("kernels of Xen's own tree start under Xen only, by their names where no configuration tells", () => {
  for (const version of [
    "2.6.18-398.el5xen",
    "2.6.9-89.ELxenU",
    "2.6.16.60-0.85.1-xen",
    "3.0.101-0.47-xen",
    "3.12.74-60.64.40-xen",
    "2.6.26-2-xen-amd64",
    "2.6.24-32-xen",
    "2.6.32.43-0.4.1.xs1.8.0.835.170778xen",
  ])
    assert.ok(isOnly(version), version);
  for (const version of [
    "2.6.32-5-xen-amd64",
    "2.6.18-398.el5",
    "4.4.0-xen",
    "6.1.0-18-amd64",
    "4.9.25-27.el6.x86_64",
  ])
    assert.ok(!isOnly(version), version);
});

test("its configuration decides before its name", () => {
  assert.ok(isOnly("2.6.18-custom", "CONFIG_XEN=y", "CONFIG_X86_64_XEN=y"));
  assert.ok(!isOnly("3.0.0-xen", "CONFIG_XEN=y", "CONFIG_PARAVIRT=y"));
  assert.deepEqual(xenAbilities("3.0.101-0.47-xen", new Set(["CONFIG_XEN=y", "CONFIG_X86_XEN=y"])), {
    xen: ["pv"],
    xenOnly: true,
  });
});
