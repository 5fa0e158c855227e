// SPDX-License-Identifier: Apache-2.0
// virt-p2v doctor on this computer, which passes migrations; and where programs are missing.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cli } from "../../support/cli.ts";
import { temporary } from "../../support/temporary.ts";

test("doctor finds that a migration can begin, and lists extras", async (t) => {
  const directory = await temporary(t);
  await mkdir(join(directory, "rhel/5/x86_64"), { recursive: true });
  await writeFile(join(directory, "rhel/5/x86_64/kmod-virtio.rpm"), "");
  await writeFile(join(directory, "rhel/lost.rpm"), "");
  const text = await cli(["doctor", "--extras", directory]);
  assert.equal(text.code, 0, text.stdout);
  assert.match(text.stdout, /a migration can begin here/);
  assert.match(text.stdout, /rhel 5 x86_64: kmod-virtio\.rpm/);
  assert.match(text.stdout, /rhel\/lost\.rpm \(for no guest/);
  const lost = await cli(["doctor", "--json", "--extras", join(directory, "none")]);
  assert.equal(lost.code, 2);
  assert.match(lost.stdout, /"extras-missing"/);
  const json = await cli(["doctor", "--json"]);
  const { fit, extras, programs } = JSON.parse(json.stdout) as {
    fit: boolean;
    extras: unknown;
    programs: readonly { program: string; there: boolean }[];
  };
  assert.equal(fit, true);
  assert.equal(extras, null);
  assert.ok(programs.some(({ program, there }) => program === "qemu-img" && there));
});
