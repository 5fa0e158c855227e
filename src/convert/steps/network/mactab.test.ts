// SPDX-License-Identifier: Apache-2.0
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withCards } from "./mactab.ts";

const NICS: readonly IntendedNic[] = [
  { name: "lan0", mac: "52:54:00:00:00:01", origin: "given" },
  { name: "lan1", mac: "52:54:00:00:00:02", origin: "given" },
];

test("each card has one line in mactab, and no other card its name", () => {
  assertEdit(
    (text) => withCards(text, NICS),
    "# names\nlan0 00:1A:64:00:00:01\nlan1 52:54:00:00:00:02\nlan9 52:54:00:00:00:01\ntap0 52:54:00:00:00:77\n",
    "# names\nlan1 52:54:00:00:00:02\ntap0 52:54:00:00:00:77\nlan0 52:54:00:00:00:01\n",
  );
});
