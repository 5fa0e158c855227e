// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { editVariable } from "./sources.ts";
import { addConsoles } from "../text/kernel-words.ts";

test("editVariable() changes the assignment that counts, or adds one", () => {
  assert.equal(
    editVariable('GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX="b"\n', "GRUB_CMDLINE_LINUX", addConsoles),
    'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX="b console=ttyS0,115200 console=tty0"\n',
  );
  assert.equal(
    editVariable("X=1", "GRUB_CMDLINE_LINUX", addConsoles),
    'X=1\nGRUB_CMDLINE_LINUX="console=ttyS0,115200 console=tty0"\n',
  );
});
