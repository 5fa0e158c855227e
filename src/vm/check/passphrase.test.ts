// SPDX-License-Identifier: Apache-2.0
// Who asks for a passphrase is answered once for each time it asks, and nobody else hears it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../core/index.ts";
import { keysFor, type Seen, Typist } from "./passphrase.ts";

const secret = (text: string): Secret => new Secret(Buffer.from(text));
const A = secret("one");
const B = secret("two");

const seen = (nowMs: number, rows: readonly string[], more: Partial<Seen> = {}): Seen => ({
  rows,
  activity: 1,
  isUp: false,
  nowMs,
  ...more,
});

test("keys are those of a US keyboard, with Enter at the end", () => {
  assert.deepEqual(keysFor(Buffer.from("aB1!")), [
    { code: "a", shift: false },
    { code: "b", shift: true },
    { code: "1", shift: false },
    { code: "1", shift: true },
    { code: "ret", shift: false },
  ]);
  const printable = Buffer.from(Array.from({ length: 95 }, (_, index) => index + 32));
  const keys = keysFor(printable) ?? [];
  assert.equal(keys.length, 96);
  assert.equal(new Set(keys.map(({ code, shift }) => `${code} ${shift}`)).size, 96, "each its own");
  assert.equal(keysFor(Buffer.from([0])), null);
  assert.equal(keysFor(Buffer.from("\n")), null);
});

test("each prompt is answered once, the passphrases in turn; in the end it is locked", () => {
  const typist = new Typist([A, B], { rootIsLocked: true });
  const ask = "Please unlock disk sda2_crypt: ";
  assert.deepEqual(typist.look(seen(0, ["GNU GRUB"])), { kind: "wait" });
  assert.deepEqual(typist.look(seen(5, [ask])), { kind: "type", passphrase: A, blind: false });
  assert.deepEqual(typist.look(seen(10, [ask])), { kind: "wait" }, "it is thinking");
  const bad = "cryptsetup: ERROR: sda2_crypt: cryptsetup failed, bad password or options?";
  assert.deepEqual(typist.look(seen(15, [ask, bad])), { kind: "wait" });
  assert.deepEqual(typist.look(seen(20, [ask, bad, ask])), { kind: "type", passphrase: B, blind: false });
  assert.deepEqual(typist.look(seen(25, [ask, bad, ask, "Begin: Mounting root file system"])), {
    kind: "wait",
  });
  const again = new Typist([A], { rootIsLocked: true });
  const steps = [1, 2, 3, 4].map((count) =>
    again.look(
      seen(
        count,
        Array.from({ length: count }, () => ask),
      ),
    ),
  );
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ["type", "type", "type", "locked"],
  );
});

test("prompts of systemd, dracut and cryptsetup are known; a login is none", () => {
  for (const prompt of [
    "Please enter passphrase for disk QEMU_HARDDISK (luks-1111): (press TAB for no echo)",
    "Please enter passphrase for disk QEMU_HARDDISK (luks-1111): ***",
    "Enter passphrase for /dev/sda2: ",
    "A password is required to access the cryptroot volume:",
    "Password (/dev/sda2):",
  ])
    assert.equal(new Typist([A], { rootIsLocked: true }).look(seen(0, [prompt])).kind, "type", prompt);
  for (const other of [
    "yew login: ",
    "Password: ",
    "Enter passphrase for key '/root/.ssh/id': x",
    "(initramfs) ",
  ])
    assert.equal(new Typist([A], { rootIsLocked: true }).look(seen(0, [other])).kind, "wait", other);
});

test("where the screen is a picture, it is typed when the disks are silent, a few times, and only for a locked root", () => {
  const looks = (typist: Typist, more: Partial<Seen> = {}) =>
    Array.from({ length: 60 }, (_, at) => typist.look(seen(at * 5000, [], more)).kind);
  const typed = looks(new Typist([A], { rootIsLocked: true }));
  assert.equal(typed.filter((kind) => kind === "type").length, 6);
  assert.equal(typed.indexOf("type"), 4);
  assert.ok(looks(new Typist([A], { rootIsLocked: false })).every((kind) => kind === "wait"));
  assert.ok(looks(new Typist([A], { rootIsLocked: true }), { isUp: true }).every((kind) => kind === "wait"));
  assert.ok(looks(new Typist([], { rootIsLocked: true })).every((kind) => kind === "wait"));
  const stale = { rows: ["Loading initial ramdisk ..."] };
  assert.equal(
    looks(new Typist([A], { rootIsLocked: true }), stale).filter((kind) => kind === "type").length,
    6,
  );
  const asked = new Typist([A], { rootIsLocked: true });
  assert.equal(asked.look(seen(0, ["Please unlock disk a: "])).kind, "type");
  assert.ok(
    looks(asked, { rows: ["yew login: "] }).every((kind) => kind === "wait"),
    "it can be read here",
  );
  const busy = new Typist([A], { rootIsLocked: true });
  assert.ok(
    Array.from({ length: 9 }, (_, at) => busy.look(seen(at, [], { activity: at })).kind).every(
      (kind) => kind === "wait",
    ),
  );
});
