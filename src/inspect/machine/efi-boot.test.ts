// SPDX-License-Identifier: Apache-2.0
// Load options of UEFI: well-formed ones as they are, broken ones never more than null.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bootVariable } from "../../../tests/support/sample-machine.ts";
import { parseBootOrder, parseLoadOption, renderDevicePath, sortBootEntries } from "./efi-boot.ts";

const value = (label: string, file = "\\EFI\\debian\\shimx64.efi"): Uint8Array =>
  bootVariable(label, { active: true, file }).subarray(4);

test("parseLoadOption() reads label, state and where the loader lies", () => {
  assert.deepEqual(parseLoadOption(3, value("debian")), {
    number: 3,
    label: "debian",
    active: true,
    path: "HD(1,GPT,12345678-1234-5678-0102-030405060708)/\\EFI\\debian\\shimx64.efi",
  });
});

test("parseLoadOption() blots out what a terminal would obey", () => {
  assert.equal(parseLoadOption(0, value("a\u001b[2Jb\u202ec"))?.label, "a?[2Jb?c");
});

test("parseLoadOption() gives null or a bounded entry for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const entry = parseLoadOption(1, bytes);
      assert.ok(entry === null || entry.label.length <= 257);
      renderDevicePath(bytes);
      parseBootOrder(bytes);
    }),
  );
});

test("parseLoadOption() stands any cut and any changed byte", () => {
  const whole = value("debian");
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Uint8Array.from(whole);
      changed[at] = byte;
      parseLoadOption(1, changed);
      parseLoadOption(1, changed.subarray(0, at));
    }),
  );
  assert.equal(parseLoadOption(1, whole.subarray(0, 9)), null);
});

test("sortBootEntries() follows the order, then the numbers", () => {
  const entry = (number: number) => ({ number, label: "", active: true, path: null });
  const sorted = sortBootEntries(
    [1, 2, 3, 0x2001].map(entry),
    parseBootOrder(Uint8Array.from([1, 0x20, 3, 0, 9])),
  );
  assert.deepEqual(
    sorted.map(({ number }) => number),
    [0x2001, 3, 1, 2],
  );
});
