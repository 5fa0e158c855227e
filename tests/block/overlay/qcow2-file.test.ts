// SPDX-License-Identifier: Apache-2.0
// The qcow2 that we write ourselves, judged by QEMU.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { QCOW2_CLUSTER_BYTES, writeQcow2 } from "../../../src/overlay/qcow2-file.ts";
import { run } from "../../../src/system/index.ts";
import { noise } from "../../../lab/noise.ts";
import { temporary } from "../../support/temporary.ts";

test("qemu-img finds nothing wrong, and reads what was written", async (t) => {
  const directory = await temporary(t);
  const sizeBytes = 2 ** 30 + 1536;
  const used = [0, 5, 8191, 8192, 16_384];
  const path = join(directory, "layer.qcow2");
  const read = (cluster: number): Promise<Uint8Array> =>
    Promise.resolve(noise(`${cluster}`, QCOW2_CLUSTER_BYTES));
  await writeQcow2(path, { sizeBytes, used, read, signal: t.signal });
  const check = JSON.parse((await run(["qemu-img", "check", "--output=json", path])).stdout) as Record<
    string,
    unknown
  >;
  assert.deepEqual([check["corruptions"], check["leaks"], check["check-errors"]], [undefined, undefined, 0]);
  const raw = join(directory, "raw");
  await run(["qemu-img", "convert", "-O", "raw", path, raw], { timeoutMs: 120_000 });
  const bytes = await readFile(raw);
  assert.equal(bytes.length, sizeBytes);
  const expected = Buffer.alloc(sizeBytes);
  for (const cluster of used) Buffer.from(await read(cluster)).copy(expected, cluster * QCOW2_CLUSTER_BYTES);
  assert.ok(bytes.equals(expected));
});
