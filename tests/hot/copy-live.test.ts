// SPDX-License-Identifier: Apache-2.0
// A busy server is copied ahead over ssh, twice; then it is switched off, and its migration sends the rest: the VM boots, and all
// that the server had synced is there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PORTABLE, startGround } from "../../lab/hot/ground.ts";
import type { LivePass } from "../../src/job/index.ts";
import { cli, leftovers } from "../support/cli.ts";
import { sha256sum } from "../support/disks/overlays.ts";
import { assertSameFiles, assertWholeLoad, readReport } from "../support/vms/hot-checks.ts";

test("two passes of a server under load, and what its migration finds then", {
  timeout: 60 * 60_000,
}, async (t) => {
  const { signal } = t;
  const onProgress = (text: string): void => t.diagnostic(text);
  await using ground = await startGround({ onProgress, signal });
  const { server, image, disk, host, vms, to } = ground;
  const copyLive = async (): Promise<LivePass> => {
    const words = ["copy", "--live", "--disk", "/dev/sda", "--to", to, "--name", "kiosk", "--json"];
    const { stdout } = await server.ssh([...PORTABLE, ...words], { timeoutMs: 30 * 60_000 });
    const lines = stdout.trim().split("\n");
    const pass = lines
      .map((line) => JSON.parse(line) as LivePass & { type: string })
      .find(({ type }) => type === "pass");
    assert.ok(pass !== undefined, stdout);
    t.diagnostic(`${pass.usedBytes} bytes in use, ${pass.sentBytes} sent, ${Math.round(pass.seconds)} s`);
    return pass;
  };
  const first = await copyLive();
  await server.busy({ timeoutMs: 300_000 });
  const second = await copyLive();
  assert.ok(first.usedBytes > 500e6);
  assert.ok(second.sentBytes < first.sentBytes / 2, "only what changed is sent");
  await server.busy({ timeoutMs: 300_000 });

  const over = server.poweredOff({ timeoutMs: 15 * 60_000 });
  await server.ssh(["systemctl", "poweroff"], { allowCodes: [255] });
  await over;
  const said = await server.said();
  assert.ok(said.has("ended 0"), "the load was stopped as services are");
  const before = await sha256sum(image);

  const there = ["--to", `ssh://${host.hostAlias}${vms}`, "--ssh-config", host.sshConfigPath];
  const ended = await cli(
    ["migrate", "--disk", image, ...there, "--name", "kiosk", "--hypervisor", "qemu", "--yes"],
    {
      timeoutMs: 30 * 60_000,
    },
  );
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await leftovers(), []);
  assert.equal(await sha256sum(image), before, "the server's disk is as its shutdown left it");
  const report = await readReport(`${vms}/kiosk`);
  assert.equal(report.outcome.kind, "booted", JSON.stringify(report.outcome));
  const sent = report.disks[0]?.sentBytes ?? Number.POSITIVE_INFINITY;
  t.diagnostic(`${sent} bytes were sent by the migration`);
  assert.ok(sent < first.sentBytes / 2, "the copy ahead was worth it");
  const vm = `${vms}/kiosk/kiosk-1.img`;
  await assertSameFiles(image, vm, report);
  t.diagnostic(await assertWholeLoad(vm, { disk, said, signal }));
});
