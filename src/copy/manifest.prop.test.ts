// SPDX-License-Identifier: Apache-2.0
// A manifest from a destination that nobody trusts: what is read is whole, and all else is a UserError.
import { test } from "node:test";
import fc from "fast-check";
import { damagedText } from "../../tests/support/hostile-bytes.ts";
import { check } from "../../tests/support/laws.ts";
import { UserError } from "../core/index.ts";
import { parseManifest } from "./manifest.ts";

test("any text is a manifest, or a UserError", (t) =>
  check(
    t,
    fc.property(
      fc.oneof(damagedText('{"format":"manifest/1","disks":[{"number":1}]}'), fc.json()),
      (text) => {
        try {
          parseManifest(text, "x");
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      },
    ),
    { runs: 200 },
  ));
