// SPDX-License-Identifier: Apache-2.0
// Labels of SELinux: new files get that of their directory, all others are left alone.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Change, GuestOS, GuestView } from "../../core/index.ts";
import type { Proposal } from "./draft.ts";
import { layeredView, type MemoryFile, memoryView } from "../../system/index.ts";
import { fakeGuest, proposeStep } from "../../../tests/support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { isInUse, selinux } from "./selinux.ts";

const NAME = "security.selinux";
const UDEV = Buffer.from("system_u:object_r:udev_rules_t:s0\0").toString("base64");
const ROOT = Buffer.from("system_u:object_r:root_t:s0\0").toString("base64");

const RULES = "/etc/udev/rules.d";
const created = (path: string, xattrs: FileAttributesOf = {}): Change => ({
  step: "nic-names",
  why: "",
  path,
  before: { kind: "absent" },
  after: { kind: "bytes", mode: 0o644, uid: 0, gid: 0, xattrs, sha256: "0".repeat(64), sizeBytes: 0 },
});
type FileAttributesOf = Readonly<Record<string, string>>;

/** `labels`: of directories by path; the configuration says `mode`. */
function labelledView(labels: FileAttributesOf, mode: string): GuestView {
  const directory = (path: string): MemoryFile => {
    const label = labels[path];
    return { directory: true, xattrs: label === undefined ? {} : { [NAME]: label } };
  };
  const config = `# c\nSELINUX=${mode}\n`;
  return memoryView({ "/": directory("/"), "/etc/selinux/config": config, [RULES]: directory(RULES) });
}

type Case = { readonly mode?: string; readonly labels?: FileAttributesOf; readonly guest?: Partial<GuestOS> };

async function propose(
  t: TestContext,
  changes: readonly Change[],
  { mode = "enforcing", labels = { "/": ROOT, [RULES]: UDEV }, guest = {} }: Case = {},
): Promise<Proposal> {
  const fake = await fakeGuest(t, {
    view: labelledView(labels, mode),
    guest: testGuestOS(guest),
    intent: testIntent(),
  });
  const view = layeredView(fake.view, fake.blobs, changes);
  return await proposeStep(selinux, { ...fake, view }, changes);
}

const labels = ({ changes }: Proposal): readonly (readonly [string, string | undefined])[] =>
  changes.map(({ path, after }) => [path, after.kind === "absent" ? undefined : after.xattrs[NAME]]);

test("a new file gets the label of the nearest directory that is there", async (t) => {
  const paths = [`${RULES}/70-p2v-net.rules`, `${RULES}/new/below.rules`];
  const proposal = await propose(
    t,
    paths.map((path) => created(path)),
  );
  assert.deepEqual(
    labels(proposal),
    paths.map((path) => [path, UDEV]),
  );
  assert.deepEqual(proposal.problems, []);
});

test("a directory without a label: everything is labelled at the first boot, and that is said", async (t) => {
  const proposal = await propose(t, [created(`${RULES}/70-p2v-net.rules`)], { labels: { "/": ROOT } });
  assert.deepEqual(
    proposal.changes.map(({ path }) => path),
    ["/.autorelabel"],
  );
  assert.deepEqual(
    proposal.problems.map(({ code, severity }) => [code, severity]),
    [["selinux-relabel", "notes"]],
  );
});

test("nothing to do: SELinux off, never labelled, a label already, a FAT, or no new file", async (t) => {
  const one = created(`${RULES}/a`);
  const esp = { path: "/boot/efi", spec: "", type: "vfat", options: "", node: null };
  assert.deepEqual((await propose(t, [one], { mode: "disabled" })).changes, []);
  assert.deepEqual((await propose(t, [one], { labels: {} })).changes, []);
  assert.deepEqual((await propose(t, [created(`${RULES}/a`, { [NAME]: UDEV })])).changes, []);
  const loader = created("/boot/efi/EFI/BOOT/BOOTX64.EFI");
  assert.deepEqual((await propose(t, [loader], { guest: { mounts: [esp] } })).changes, []);
  const edited: Change = { ...one, before: one.after };
  assert.deepEqual((await propose(t, [edited])).changes, []);
});

test("isInUse() takes the last mode, and only the two that are on", () => {
  assert.ok(isInUse("# SELINUX=disabled\nSELINUX=permissive\nSELINUXTYPE=targeted\n"));
  assert.ok(isInUse("SELINUX=disabled\nSELINUX = Enforcing \n"));
  assert.ok(!isInUse("SELINUXTYPE=targeted\n#SELINUX=enforcing\n"));
  assert.ok(!isInUse("SELINUX=enforcing\nSELINUX=disabled\n"));
});
