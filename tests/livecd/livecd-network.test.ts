// SPDX-License-Identifier: Apache-2.0
// The live system over the network: QEMU's own DHCP and TFTP give the script to iPXE, HTTP the rest; no medium is there.
import assert from "node:assert/strict";
import { createReadStream, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { pipeline } from "node:stream";
import { test } from "node:test";
import { writePxeTree } from "../../src/iso/index.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { reachWizard, startLiveVm } from "../support/vms/live-vm.ts";
import { temporary } from "../support/temporary.ts";

test("a machine without a medium boots the live system over the network and reaches the wizard", {
  timeout: 15 * 60_000,
}, async (t) => {
  const { signal } = t;
  const iso = await liveIso(signal);
  const directory = await temporary(t);
  const tree = join(directory, "pxe");
  const web = await serve(tree);
  t.after(() => {
    web.closeAllConnections();
    web.close();
  });
  const http = `http://10.0.2.2:${(web.address() as AddressInfo).port}/`;
  await writePxeTree({ iso, out: tree, http, say: () => undefined, signal });
  await using vm = await startLiveVm({ iso, boot: "pxe", tree, memoryMb: 2048, signal });
  const seconds = await vm.see(/Enter for the wizard/, { timeoutMs: 300_000 });
  t.diagnostic(`first question after ${Math.round(seconds)} s`);
  assert.match(vm.console(), /All of the live system is in memory/);
  await reachWizard(vm);
});

async function serve(tree: string): Promise<Server> {
  const web = createServer((request, response) => {
    const name = join(tree, normalize(`/${request.url ?? ""}`));
    // Like every web server; iPXE takes minutes for a file whose size nobody tells.
    response.setHeader("Content-Length", statSync(name).size);
    pipeline(createReadStream(name), response, () => undefined);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  return web;
}
