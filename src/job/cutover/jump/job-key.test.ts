// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { localHost } from "../../../hosts/index.ts";
import { temporary } from "../../../../tests/support/temporary.ts";
import { allowKey, forbidKey } from "./job-key.ts";

const { signal } = new AbortController();
const KEY = "ssh-ed25519 AAAAC3 virt-p2v-cutover:web:\n";
const LINE = `no-agent-forwarding,no-port-forwarding,no-pty,no-X11-forwarding ${KEY}`;

async function home(t: TestContext): Promise<{ path: string; key: string; keys: () => Promise<string> }> {
  const path = await temporary(t);
  const before = process.env["HOME"];
  process.env["HOME"] = path;
  t.after(() => {
    if (before === undefined) delete process.env["HOME"];
    else process.env["HOME"] = before;
  });
  const key = join(path, "job-key");
  await writeFile(`${key}.pub`, KEY);
  return { path, key, keys: () => readFile(join(path, ".ssh/authorized_keys"), "utf8") };
}

test("where there was no key at all, there is one, for nobody else to write; and none afterwards", async (t) => {
  const { path, key, keys } = await home(t);
  await using host = localHost();
  await allowKey(host, key, { name: "web", signal });
  assert.equal(await keys(), LINE);
  assert.equal((await stat(join(path, ".ssh"))).mode & 0o777, 0o700);
  assert.equal((await stat(join(path, ".ssh/authorized_keys"))).mode & 0o777, 0o600);
  await forbidKey(host, { name: "web", signal });
  assert.equal(await keys(), "");
});

test("the keys of others stay as they are, also without a last newline and behind a link; an older one of this job goes", async (t) => {
  const { path, key, keys } = await home(t);
  await mkdir(join(path, ".ssh"), { mode: 0o700 });
  const others = `# mine\nssh-rsa AAAA me\nssh-ed25519 BBBB virt-p2v-cutover:web2:`;
  await writeFile(join(path, "elsewhere"), `${LINE}${others}`, { mode: 0o640 });
  await symlink(join(path, "elsewhere"), join(path, ".ssh/authorized_keys"));
  await using host = localHost();
  await allowKey(host, key, { name: "web", signal });
  assert.equal(await keys(), `${others}\n${LINE}`);
  assert.equal((await stat(join(path, "elsewhere"))).mode & 0o777, 0o640);
  await forbidKey(host, { name: "web", signal });
  assert.equal(await keys(), `${others}\n`);
  await forbidKey(host, { name: "web", signal });
  assert.equal(await keys(), `${others}\n`);
});
