// SPDX-License-Identifier: Apache-2.0
// Superblocks of strange volumes, counters of the kernel, notes of an earlier run: any of them is survived.
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes, damagedText } from "../../tests/support/hostile-bytes.ts";
import { check } from "../../tests/support/laws.ts";
import { extImage } from "../../tests/support/disks/volume-samples.ts";
import { parseExtSuperblock, UserError } from "../core/index.ts";
import { parseBlockStat } from "../proof/counters.ts";
import { extNeeds } from "./filesystem-state.ts";
import { parseLoopNotes } from "../system/devices/loop-list.ts";
import { parseMap } from "./touched.ts";

test("an ext superblock of any bytes needs something or nothing", (t) =>
  check(
    t,
    fc.property(damagedBytes(extImage().bytes.subarray(1024, 2048)), (bytes) => {
      const superblock = parseExtSuperblock(bytes);
      if (superblock !== null) extNeeds(superblock);
    }),
    { runs: 200 },
  ));

test("counters and notes: no words make a reader throw", (t) =>
  check(
    t,
    fc.property(damagedText("  1 2 3 4 5 6 7 8 9 10 11\n", '{"path":"/dev/loop0","offset":0}\n'), (text) => {
      parseBlockStat(text);
      parseLoopNotes(text);
    }),
    { runs: 200 },
  ));

test("a map of any JSON is one, or a UserError", (t) =>
  check(
    t,
    fc.property(fc.json(), (text) => {
      try {
        parseMap(text, 2 ** 20);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { runs: 200 },
  ));
