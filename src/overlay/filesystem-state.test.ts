// SPDX-License-Identifier: Apache-2.0
// How file systems were left, by superblock and by the words of their checkers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExtSuperblock } from "../core/index.ts";
import { extNeeds, isTooNew, xfsHasDirtyLog } from "./filesystem-state.ts";

test("an ext superblock tells what the next boot would do", () => {
  const volume = (fields: {
    journal?: boolean;
    recover?: boolean;
    state?: number;
    orphan?: number;
  }): Uint8Array => {
    const bytes = Buffer.alloc(1024);
    bytes.writeUInt16LE(0xef53, 0x38);
    bytes.writeUInt16LE(fields.state ?? 1, 0x3a);
    bytes.writeUInt32LE(fields.journal === true ? 4 : 0, 0x5c);
    bytes.writeUInt32LE(fields.recover === true ? 0x2c6 : 0x2c2, 0x60);
    bytes.writeUInt32LE(fields.orphan ?? 0, 0xe8);
    return bytes;
  };
  const needs = (fields: Parameters<typeof volume>[0]): string => {
    const superblock = parseExtSuperblock(volume(fields));
    assert.ok(superblock !== null);
    return extNeeds(superblock);
  };
  assert.equal(needs({ journal: true }), "nothing");
  assert.equal(needs({ journal: true, recover: true }), "replay");
  assert.equal(needs({ journal: true, orphan: 12 }), "replay");
  assert.equal(needs({ state: 0 }), "preen");
  assert.equal(needs({ state: 3 }), "preen");
  assert.equal(parseExtSuperblock(Buffer.alloc(1024)), null);
  assert.equal(parseExtSuperblock(Buffer.alloc(100)), null);
});

test("xfs_repair's warning is found across its line break", () => {
  const alert = "ALERT: The filesystem has valuable metadata\nchanges in a log which is being\nignored";
  assert.equal(xfsHasDirtyLog(alert), true);
  assert.equal(xfsHasDirtyLog("Phase 2 - using internal log"), false);
});

test("features that a checker does not know are no damage", () => {
  assert.ok(
    isTooNew(
      "e2fsck 1.47.0 (5-Feb-2023)\nx.img has unsupported feature(s): FEATURE_I30\ne2fsck: Get a newer version",
    ),
  );
  assert.ok(
    isTooNew("Superblock has unknown compat/rocompat/incompat features (0x0/0x0/0x40000000).\nUsing a more"),
  );
  assert.ok(!isTooNew("Group 8 block bitmap does not match checksum."));
});
