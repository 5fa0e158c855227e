// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  fakeGuest,
  type FakeGuest,
  type FakeOptions,
  propose,
} from "../../../../tests/support/guests/convert-guest.ts";
import {
  DEMO_FILES,
  KERNEL,
  testGuestOS,
  testIntent,
} from "../../../../tests/support/guests/sample-guest.ts";
import { rpmBytes } from "../../../../tests/support/guests/packages.ts";
import type { Problem } from "../../../core/index.ts";
import { DESK_STEPS, deskTools } from "../../propose/desk.ts";
import type { Extras } from "../../drivers/extras.ts";
import { temporary } from "../../../../tests/support/temporary.ts";

const VIRTIO = ["virtio_pci", "virtio_blk", "virtio_net"];
const KMOD = {
  name: "kmod-virtio",
  version: "1",
  release: "1",
  arch: "x86_64",
  files: VIRTIO.map((name) => `/lib/modules/${KERNEL}/extra/${name}.ko`),
};

async function extrasOf(t: TestContext, header: Parameters<typeof rpmBytes>[0] | Buffer): Promise<Extras> {
  const directory = await temporary(t);
  const place = { distro: "centos", version: "7", arch: "x86_64", file: "one.rpm" };
  const path = join(directory, "centos/7/x86_64/one.rpm");
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.isBuffer(header) ? header : rpmBytes(header));
  return { directory, packages: [place] };
}

/** CentOS with a kernel that has nothing but its root's file system. */
async function lameGuest(t: TestContext, options: FakeOptions): Promise<FakeGuest> {
  const files = { ...DEMO_FILES, [`/lib/modules/${KERNEL}/modules.dep`]: "kernel/fs/ext4/ext4.ko:\n" };
  const guest = testGuestOS({ family: "redhat", id: "centos", version: "7.9", title: "CentOS 7.9" });
  return await fakeGuest(t, { files, guest, ...options });
}

const own = (problems: readonly Problem[]): readonly string[] =>
  problems
    .filter(({ code }) => /^(drivers|extras|guest-agent)-/.test(code))
    .map(({ code, text }) => `${code}: ${text}`);

test("a package that brings no driver after all leaves nothing behind", async (t) => {
  const guest = await lameGuest(t, {
    extras: await extrasOf(t, KMOD),
    installs: { "/etc/left-behind": "x" },
  });
  const { changes, problems } = await propose(guest);
  assert.equal(guest.installed.length, 1);
  assert.deepEqual(
    changes.filter(({ step }) => step === "drivers"),
    [],
  );
  assert.match(
    own(problems)[0] ?? "",
    /^drivers-not-installed: kmod-virtio 1-1 \(x86_64\) from extras .*lacks virtio_pci, virtio_blk, virtio_net afterwards, too\)/,
  );
});

test("a file that is not a package is named, and so is what is missing", async (t) => {
  const extras = await extrasOf(t, Buffer.alloc(500, "rpm"));
  const said = own((await propose(await lameGuest(t, { extras }))).problems);
  assert.match(
    said[0] ?? "",
    /^extras-unreadable: The package .*\/centos\/7\/x86_64\/one\.rpm is left out: It is not an \.rpm$/,
  );
  assert.match(
    said[1] ?? "",
    /^drivers-missing: CentOS 7\.9 \(x86_64\): the kernel .* has no virtio_pci, virtio_blk, virtio_net/,
  );
});

test("names of files in a package reach no shell, and kernels with strange names are none", async (t) => {
  const release = "6.1$(touch /tmp/p2v-evil)";
  const files = [`/boot/vmlinuz-${release}`, ...VIRTIO.map((name) => `/lib/modules/${release}/${name}.ko`)];
  const guest = await lameGuest(t, { extras: await extrasOf(t, { ...KMOD, name: "kernel", files }) });
  await propose(guest);
  assert.deepEqual(guest.installed, []);
  const named = await lameGuest(t, {
    extras: await extrasOf(t, { ...KMOD, name: "a; touch /tmp/p2v-evil" }),
  });
  await propose(named);
  assert.doesNotMatch(named.installed[0]?.script ?? "", /evil/);
});

test("at a desk the package is chosen, and nothing is run", async (t) => {
  const extras = await extrasOf(t, KMOD);
  const base = await lameGuest(t, {});
  const tools = deskTools(() => ({ mount: "/", bytes: 2 ** 30, inodes: null }));
  const { problems } = await propose({ ...base, tools, extras, steps: DESK_STEPS });
  assert.match(
    own(problems)[0] ?? "",
    /^drivers-later: kmod-virtio 1-1 \(x86_64\) from extras will be installed at migration/,
  );
});

test("the guest agent of extras is installed by the guest's tool", async (t) => {
  const agent = { ...KMOD, name: "qemu-guest-agent", files: ["/usr/bin/qemu-ga"] };
  const guest = await fakeGuest(t, {
    guest: testGuestOS({ family: "redhat", id: "centos", version: "7.9", init: "sysv" }),
    intent: { ...testIntent(), withSteps: ["guest-agent"] },
    extras: await extrasOf(t, agent),
    installs: { "/usr/bin/qemu-ga": "ELF" },
  });
  const { changes, problems } = await propose(guest);
  assert.deepEqual(own(problems), []);
  assert.deepEqual(
    changes.filter(({ step }) => step === "guest-agent").map(({ path }) => path),
    ["/usr/bin/qemu-ga"],
  );
  assert.doesNotMatch(guest.installed[0]?.script ?? "", /depmod/);
});
