// SPDX-License-Identifier: Apache-2.0
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withDriver } from "./xorg.ts";

test("X gets a driver for the VM's screen; other sections keep theirs", () => {
  assertEdit(
    (text) => withDriver(text, "modesetting"),
    'Section "InputDevice"\n  Driver "kbd"\nEndSection\nSection "Device"\n  Identifier "c"\n  Driver "mga" # G200\n  BusID "PCI:7:3:0"\nEndSection\n',
    'Section "InputDevice"\n  Driver "kbd"\nEndSection\nSection "Device"\n  Identifier "c"\n  Driver "modesetting" # G200\n#  BusID "PCI:7:3:0"\nEndSection\n',
  );
});
