// SPDX-License-Identifier: Apache-2.0
// A server is cut over to a real libvirtd, and the VM is started in its place: never are both on the network.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  bringLiveSystem,
  copyLiveWords,
  cutoverAndStartWords,
  followConsole,
  NAME,
} from "../../lab/hot/cutover.ts";
import { startGround } from "../../lab/hot/ground.ts";
import { waitFor } from "../../lab/processes.ts";
import { readReport } from "../support/vms/hot-checks.ts";
import { startLibvirtHost } from "../support/vms/libvirt-host.ts";

const LONG_MS = 30 * 60_000;

test("the VM goes on when the live system has left the network", { timeout: 90 * 60_000 }, async (t) => {
  const { signal } = t;
  const onProgress = (text: string): void => t.diagnostic(text);
  await using libvirt = await startLibvirtHost({ signal });
  const elsewhere = { ...libvirt, ...(await libvirt.listen()) };
  await using ground = await startGround({ vms: libvirt.images, elsewhere, onProgress, signal });
  const { server, vms } = ground;
  await bringLiveSystem(server, { onProgress, signal });
  await server.ssh(copyLiveWords(ground), { timeoutMs: LONG_MS });
  const over = followConsole(server, /virt-p2v live: (done|FAILED)|\blogin: /, {
    timeoutMs: LONG_MS,
    onLine: () => undefined,
  });
  await server.ssh(cutoverAndStartWords(ground), { timeoutMs: LONG_MS, allowCodes: [255] });
  await over;
  const console = await server.console();
  assert.match(console, /virt-p2v live: done/, console.slice(-6000));
  await server.poweredOff({ timeoutMs: LONG_MS });

  const { started = null, cutover = null, outcome } = await readReport(join(vms, NAME));
  assert.equal(outcome.kind, "booted", JSON.stringify(outcome));
  assert.equal(started?.kind, "leaving");
  assert.equal(cutover?.until, "start");
  const said = (): Promise<string> => readFile(join(vms, `${NAME}.start.txt`), "utf8").catch(() => "");
  await waitFor("the host's word", async () => (await said()) !== "");
  assert.match(await said(), /The VM goes on/);
  const virsh = ["virsh", "-q", "-c", "qemu:///system"];
  assert.equal((await libvirt.inside([...virsh, "domstate", NAME])).trim(), "running");
});
