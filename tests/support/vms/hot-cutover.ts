// SPDX-License-Identifier: Apache-2.0
// A busy server's whole way: copied ahead twice, replaced by the live system in its memory, and judged as a VM. All that the server had synced is
// there, and its disk is as its own shutdown left it.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  bringLiveSystem,
  copyLiveWords,
  cutoverWords,
  followConsole,
  NAME,
} from "../../../lab/hot/cutover.ts";
import { startGround } from "../../../lab/hot/ground.ts";
import type { Report } from "../../../src/core/index.ts";
import { sha256sum } from "../disks/overlays.ts";
import { assertSameFiles, assertWholeLoad, readReport } from "./hot-checks.ts";

const LONG_MS = 30 * 60_000;

/** `flags` go to both commands. */
export async function cutOver(
  t: TestContext,
  { flags = [] }: { flags?: readonly string[] } = {},
): Promise<Report> {
  const { signal } = t;
  const onProgress = (text: string): void => t.diagnostic(text);
  await using ground = await startGround({ onProgress, signal });
  const { server, image, disk, vms } = ground;
  await bringLiveSystem(server, { onProgress, signal });
  for (let pass = 0; pass < 2; pass += 1) {
    const { stdout } = await server.ssh([...copyLiveWords(ground), ...flags], { timeoutMs: LONG_MS });
    t.diagnostic(/Pass.*/.exec(stdout)?.[0] ?? stdout);
    await server.busy({ timeoutMs: LONG_MS });
  }
  const asLeft: Promise<string>[] = [];
  const over = followConsole(server, /virt-p2v live: (done|FAILED)|\blogin: /, {
    timeoutMs: LONG_MS,
    // Its own kernel has let go of the disk, and the live one has not begun.
    onLine: (line) => {
      if (line.includes("Starting new kernel")) asLeft.push(sha256sum(image));
    },
  });
  await server.ssh([...cutoverWords(ground), ...flags], { timeoutMs: LONG_MS, allowCodes: [255] });
  await over;
  const console = await server.console();
  assert.match(console, /virt-p2v live: done/, console.slice(-6000));
  assert.equal(asLeft.length, 1, "the server's kernel starts the live one");
  await server.poweredOff({ timeoutMs: LONG_MS });
  const said = await server.said();
  assert.ok(said.has("ended 0"), "the load was stopped as services are");
  assert.equal(await sha256sum(image), await asLeft[0], "its disk is as its own shutdown left it");

  const report = await readReport(`${vms}/${NAME}`);
  assert.equal(report.outcome.kind, "booted", JSON.stringify(report.outcome));
  assert.ok(report.proof.held, "the live system has seen the disk unchanged");
  const [copied] = report.disks;
  assert.ok(copied !== undefined && copied.sentBytes < copied.usedBytes / 4, JSON.stringify(copied));
  const { cutover = null } = report;
  assert.ok(cutover !== null);
  t.diagnostic(
    `downtime ${Math.round(cutover.downtimeSeconds)} s, ${copied.sentBytes} of ${copied.usedBytes} bytes`,
  );
  const vm = `${vms}/${NAME}/${NAME}-1.img`;
  await assertSameFiles(image, vm, report);
  t.diagnostic(await assertWholeLoad(vm, { disk, said, signal }));
  return report;
}
