// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryFile, memoryView } from "../../../system/index.ts";
import { readCloudInit } from "./cloud-init.ts";

type Files = Readonly<Record<string, MemoryFile>>;
const RAN: Files = {
  "/usr/bin/cloud-init": "",
  "/var/lib/cloud/instance": { link: "/var/lib/cloud/instances/abc" },
  "/var/lib/cloud/instances/abc/datasource": "DataSourceMAAS: DataSourceMAAS [http://10.0.0.1:5240/MAAS/]\n",
  "/etc/cloud/cloud.cfg": "datasource_list: [ MAAS, None ]\n",
};
const read = (files: Files) => readCloudInit(memoryView({ ...RAN, ...files }));
const without = (path: string) => {
  const { [path]: _, ...rest } = RAN;
  return readCloudInit(memoryView(rest));
};

test("cloud-init counts where it set the machine up, and is not switched off", async () => {
  const set = { source: "MAAS", leavesNetwork: false, keepsInstance: false };
  assert.deepEqual(await read({}), set);
  assert.equal(await without("/usr/bin/cloud-init"), null);
  assert.equal(await without("/var/lib/cloud/instance"), null);
  assert.equal(await read({ "/etc/cloud/cloud-init.disabled": "" }), null);
  assert.equal(await read({ "/etc/systemd/system/cloud-init.service": { link: "/dev/null" } }), null);
  assert.deepEqual(await read({ "/etc/systemd/system/cloud-init.service": "[Unit]\n" }), set);
  assert.deepEqual(await read({ "/var/lib/cloud/instances/abc/datasource": "" }), { ...set, source: null });
});

test("of its configuration later files win, in flow and in block style", async () => {
  const at = (name: string): string => `/etc/cloud/cloud.cfg.d/${name}`;
  const leaves = async (files: Files): Promise<boolean | undefined> => (await read(files))?.leavesNetwork;
  const flow = { [at("50-a.cfg")]: "network: {config: disabled}\n" };
  const block = { [at("50-a.cfg")]: "network:\n\n  # none\n  config: disabled\n" };
  const undone = { [at("60-b.cfg")]: "network:\n  version: 2\n  ethernets: {}\n" };
  for (const off of [flow, block]) {
    assert.equal(await leaves(off), true);
    assert.equal(await leaves({ ...off, ...undone }), false);
  }
  assert.equal(await leaves({ [at("50-a.cfg.bak")]: "network: {config: disabled}\n" }), false);
  assert.equal(await leaves({ [at("50-a.cfg")]: "# network: {config: disabled}\n" }), false);
  const kept = await read({ [at("70-c.cfg")]: "manual_cache_clean: True\n" });
  assert.equal(kept?.keepsInstance, true);
});
