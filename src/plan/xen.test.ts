// SPDX-License-Identifier: Apache-2.0
// How Xen boots a guest, for kernels and hosts of several kinds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskGraph } from "../../tests/support/guests/sample-guest.ts";
import { sampleReport } from "../../lab/samples/report.ts";
import type { GuestOS, Kernel, VmXen } from "../core/index.ts";
import { xenAnywhere, xenOn, xenProblems } from "./xen.ts";

const ALL = { types: ["pv", "pvh", "hvm"], pvgrub: "/g/pv", pvhgrub: "/g/pvh", pygrub: "/g/py" } as const;
const PV_ONLY = { ...ALL, types: ["pv"] } as const;
const NO_GRUB = { ...ALL, pvgrub: null, pvhgrub: null } as const;

function guestWith(kernel: Partial<Kernel>, more: Partial<GuestOS> = {}): GuestOS {
  const { guest } = sampleReport();
  assert.ok(guest);
  const [first] = guest.kernels;
  assert.ok(first);
  const kernels = [{ ...first, bootable: true, has: { "xen-blkfront": "module" }, ...kernel }] as const;
  return { ...guest, root: "disk:1/part:1/filesystem", mounts: [], kernels, ...more };
}

const BOTH = guestWith({ xen: ["pvh", "pv"] });
const on = (xen: Parameters<typeof xenOn>[0], guest: GuestOS, type = "ext4"): VmXen =>
  xenOn(xen, { guest, storage: diskGraph({ type }) });

test("xenOn() takes PVH before PV before HVM, as far as guest and host know them", () => {
  assert.deepEqual(on(ALL, BOTH), { type: "pvh", loader: "pvgrub" });
  assert.deepEqual(on(PV_ONLY, BOTH), { type: "pv", loader: "pvgrub" });
  assert.deepEqual(on(ALL, guestWith({ xen: ["pv"] })), { type: "pv", loader: "pvgrub" });
  assert.deepEqual(on(ALL, guestWith({ xen: [] })), { type: "hvm", loader: "firmware" });
  assert.deepEqual(on(ALL, guestWith({ xen: ["pv"], has: {} })), { type: "hvm", loader: "firmware" });
  assert.deepEqual(
    on(ALL, guestWith({})),
    { type: "pv", loader: "pvgrub" },
    "an old kernel without its configuration",
  );
  assert.deepEqual(
    on(ALL, guestWith({ xen: ["pv"], xenOnly: true, has: {} })),
    { type: "pv", loader: "pvgrub" },
    "RHEL 5's driver has another name",
  );
});

test("xenOn() asks who can read the boot disk", () => {
  const noPvhGrub = { ...ALL, pvhgrub: null, pygrub: null };
  assert.deepEqual(on(NO_GRUB, BOTH), { type: "pvh", loader: "pygrub" });
  assert.deepEqual(on(NO_GRUB, BOTH, "xfs"), { type: "pvh", loader: "kernel" });
  assert.deepEqual(
    on(noPvhGrub, BOTH, "xfs"),
    { type: "pv", loader: "pvgrub" },
    "the guest's own menu is better",
  );
  assert.deepEqual(on({ ...NO_GRUB, pygrub: null }, BOTH), { type: "pvh", loader: "kernel" });
});

test("a kernel that cannot be chosen in the menu does not count, and RHEL 7 has no PV", () => {
  const [kernel] = BOTH.kernels;
  assert.ok(kernel);
  const rescue: Kernel = { ...kernel, bootable: false, xen: [] };
  assert.equal(xenAnywhere({ ...BOTH, kernels: [kernel, rescue] }).type, "pv");
  assert.equal(xenAnywhere({ ...BOTH, kernels: [kernel, { ...rescue, bootable: true }] }).type, "hvm");
  const rhel = { family: "redhat", id: "centos", version: "7.9" };
  assert.equal(xenAnywhere(guestWith({ xen: ["pv"] }, rhel)).type, "hvm");
  assert.equal(xenAnywhere(guestWith({ xen: ["pv"] }, { ...rhel, version: "6.10" })).type, "pv");
  assert.equal(xenAnywhere(null).type, "hvm");
});

test("xenProblems() stops what the host cannot run, and warns of a copied kernel", () => {
  assert.deepEqual(
    xenProblems({ type: "hvm", loader: "firmware" }, PV_ONLY).map(({ code, severity }) => [code, severity]),
    [["host-xen-type", "stops"]],
  );
  assert.deepEqual(
    xenProblems({ type: "pv", loader: "kernel" }, PV_ONLY).map(({ code, severity }) => [code, severity]),
    [["host-xen-kernel", "warns"]],
  );
  assert.deepEqual(xenProblems({ type: "pv", loader: "pygrub" }, PV_ONLY), []);
});
