// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rpmBytes } from "../../../tests/support/guests/packages.ts";
import { parseRpm } from "./rpm-header.ts";

const KMOD = rpmBytes({
  name: "kmod-virtio",
  version: "1.0",
  release: "1.el5",
  arch: "x86_64",
  files: [
    "/lib/modules/2.6.18-53.el5/extra/virtio.ko",
    "/lib/modules/2.6.18-53.el5/extra/virtio_blk.ko",
    "/etc/depmod.d/virtio.conf",
  ],
  needs: ["/sbin/depmod"],
  provides: ["kmod-virtio", "kernel-modules"],
});

test("parseRpm() reads names, files and needs", () => {
  assert.deepEqual(parseRpm(KMOD), {
    name: "kmod-virtio",
    version: "1.0-1.el5",
    arch: "x86_64",
    files: [
      "/lib/modules/2.6.18-53.el5/extra/virtio.ko",
      "/lib/modules/2.6.18-53.el5/extra/virtio_blk.ko",
      "/etc/depmod.d/virtio.conf",
    ],
    needs: ["/sbin/depmod"],
    provides: ["kmod-virtio", "kernel-modules"],
  });
});

test("parseRpm() of anything at all, and of a package with any bytes changed, throws RangeError at most", () => {
  const read = (bytes: Buffer): void => {
    try {
      parseRpm(bytes);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => read(Buffer.from(bytes))));
  const spoiled = fc.array(fc.tuple(fc.nat(KMOD.length - 1), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(spoiled, fc.nat(KMOD.length), (changes, length) => {
      const bytes = Buffer.from(KMOD);
      for (const [at, value] of changes) bytes[at] = value;
      read(bytes);
      read(bytes.subarray(0, length));
    }),
    { numRuns: 500 },
  );
});

test("parseRpm() refuses counts that no package has, at once", () => {
  const bytes = Buffer.from(KMOD);
  bytes.writeUInt32BE(0xffff_ffff, 96 + 16 + 8);
  assert.throws(() => parseRpm(bytes), /out of all bounds/);
});
