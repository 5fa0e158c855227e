// SPDX-License-Identifier: Apache-2.0
// A qcow2 image as a raw disk: its contents, and no file that the image names is ever read.
import assert from "node:assert/strict";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../src/core/index.ts";
import { isQcow2, showQcow2 } from "../../../src/overlay/index.ts";
import { run, startDaemon } from "../../../src/system/index.ts";
import { noise } from "../../../lab/noise.ts";
import { leavingNothing, never as signal } from "../../support/disks/overlays.ts";

const MIB = 2 ** 20;

test("it reads as the raw disk; one that needs another file, is encrypted, in use or damaged is refused", () =>
  leavingNothing(async (directory) => {
    const files: string[] = [];
    const at = (name: string): string => {
      files.push(name);
      return join(directory, name);
    };
    const raw = at("raw");
    const content = Buffer.concat([noise("qcow2", 3 * MIB), Buffer.alloc(5 * MIB)]);
    await writeFile(raw, content);
    const image = at("vm, 1.qcow2");
    await run(["qemu-img", "convert", "-O", "qcow2", raw, image]);
    assert.equal(await isQcow2(image), true);
    assert.equal(await isQcow2(raw), false);
    assert.equal(await isQcow2(join(directory, "absent")), false);
    const before = await readFile(image);
    {
      await using shown = await showQcow2(image, { signal });
      assert.match(shown.path, /\/vm, 1\.qcow2$/);
      assert.ok((await readFile(shown.path)).equals(content));
    }
    assert.ok((await readFile(image)).equals(before));

    const refused = async (path: string, says: RegExp): Promise<void> => {
      await assert.rejects(showQcow2(path, { signal }), (error: unknown) => {
        assert.ok(error instanceof UserError && error.code === "image-not-usable");
        assert.match(error.message, says);
        return true;
      });
    };
    const above = at("above.qcow2");
    await run([
      "qemu-img",
      "create",
      "-q",
      "-f",
      "qcow2",
      "-b",
      "/etc/hostname",
      "-F",
      "raw",
      "-u",
      above,
      "8M",
    ]);
    await refused(above, /only what differs from \/etc\/hostname/);
    const outside = at("outside.qcow2");
    await run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", `data_file=${at("data")}`, outside, "8M"]);
    await refused(outside, /its data in another file/);
    const cut = at("cut.qcow2");
    await writeFile(cut, before.subarray(0, 40));
    await refused(cut, /QEMU does not open/);
    const damaged = at("damaged.qcow2");
    await writeFile(damaged, before);
    {
      await using file = await open(damaged, "r+");
      await file.write(Buffer.from([0, 0, 0, 0, 0, 0, 0, 2]), 0, 8, 72); // incompatible feature: corrupt
    }
    await refused(damaged, /marked as damaged/);
    {
      const node = { driver: "qcow2", "node-name": "vm", file: { driver: "file", filename: image } };
      const monitor = { driver: "null-co", "node-name": "nothing" };
      await using vm = await startDaemon([
        "qemu-storage-daemon",
        ...[node, monitor].flatMap((one) => ["--blockdev", JSON.stringify(one)]),
      ]);
      for (let tries = 0; tries < 50; tries += 1) {
        const { code } = await run(["qemu-img", "info", image], { allowCodes: [1] });
        if (code === 1) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await refused(image, /in use by another program/);
      assert.equal(vm.ended.aborted, false);
    }
    for (const name of files) await run(["rm", "-f", "--", join(directory, name)]);
  }));
