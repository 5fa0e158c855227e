// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeProblem, named } from "../core/index.ts";
import { notAsked } from "./undefine.ts";

const words = { text: "It fails", advice: "Look there" };
const xen = makeProblem("host-xl-fails", { about: named("hypervisor", "xen"), ...words });
const libvirt = makeProblem("host-libvirt-hangs", { about: named("hypervisor", "libvirt"), ...words });

test("what keeps a VM's own hypervisor from being asked is the reason, not what ails another one", () => {
  const facts = { title: "root@host", problems: [xen, libvirt] };
  assert.equal(notAsked(facts, { name: "web", hypervisor: "libvirt" }).code, "host-libvirt-hangs");
  assert.equal(notAsked(facts, { name: "web", hypervisor: "xen" }).code, "host-xl-fails");
  const only = { title: "root@host", problems: [xen] };
  assert.equal(notAsked(only, { name: "web", hypervisor: "libvirt" }).code, "host-hypervisor-missing");
});
