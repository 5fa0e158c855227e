// SPDX-License-Identifier: Apache-2.0
// An archive from anybody: entries whose paths stay inside, within all bounds, or a RangeError.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes } from "../../../tests/support/hostile-bytes.ts";
import { check } from "../../../tests/support/laws.ts";
import { readTar } from "./tar.ts";

const LIMITS = { entries: 5, fileBytes: 1000, pathChars: 200 };

function member(name: string, type: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, "latin1");
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  header.write(type, 156, "latin1");
  header.write("target", 157, "latin1");
  header.write("ustar\0", 257, "latin1");
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.write(content, 0, "latin1");
  return Buffer.concat([header, padded]);
}

const sound = Buffer.concat([
  member("etc", "5", ""),
  member("etc/fstab", "0", "/dev/sda1 / ext4\n"),
  member("././@LongLink", "L", `etc/${"x".repeat(120)}\0`),
  member("etc/x", "0", "x"),
  member("pax", "x", "22 path=etc/some-file\n"),
  member("etc/y", "2", ""),
  Buffer.alloc(1024),
]);

/** Sums made right again, so that what they guard is reached. */
function summed(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = Buffer.from(bytes.buffer, bytes.byteOffset + at, 512);
    if (header.toString("latin1", 257, 262) !== "ustar") continue;
    header.fill(32, 148, 156);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  }
  return bytes;
}

test("readTar(): paths stay inside, and all is bounded", (t) =>
  check(
    t,
    fc.property(damagedBytes(sound).map(summed), (bytes) => {
      try {
        for (const entry of readTar(bytes, LIMITS)) {
          assert.match(entry.path, /^\/(?!.*(?:^|\/)\.\.(?:\/|$))/s);
          assert.ok(entry.kind !== "file" || entry.bytes.length <= LIMITS.fileBytes);
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }),
    { runs: 600 },
  ));

test("the sample itself is understood", () => {
  assert.equal(readTar(summed(Uint8Array.from(sound)), LIMITS).length, 4);
});
