// SPDX-License-Identifier: Apache-2.0
// The demo disk's root, mounted from a copy that is thrown away: for conversion by the guest's own programs.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { contiguousExtent, type Intent } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { testIntent } from "./sample-guest.ts";
import { DEMO_UUIDS } from "../../../lab/demo/files.ts";
import { demoDisk } from "../../../lab/demo/machine.ts";

export type MountedDemo = { readonly root: string; readonly work: string; readonly intent: Intent };

export async function mountedDemo(t: TestContext, signal: AbortSignal): Promise<MountedDemo> {
  const work = await mkdtemp(join(tmpdir(), "p2v-convert-"));
  const scope = new AsyncDisposableStack(); // t.after() runs in the order of registration, this in reverse
  t.after(() => scope.disposeAsync());
  scope.defer(() => rm(work, { recursive: true, force: true }));
  const image = join(work, "demo.img");
  await run(["cp", "--sparse=always", "--reflink=auto", await demoDisk({ signal }), image], {
    timeoutMs: 120_000,
  });
  const disk = await openSourceDisk(image, 1);
  const { graph } = await readDiskGraph([disk], { signal });
  const node = graph.nodes.find(({ holds }) => holds.kind === "filesystem" && holds.uuid === DEMO_UUIDS.root);
  const extent = contiguousExtent(graph, node?.id ?? "");
  assert.equal(extent.kind, "extent");
  if (extent.kind !== "extent") throw new TypeError("unreachable");
  const loop = await attachLoop(image, {
    offset: extent.start,
    sizeBytes: extent.end - extent.start,
    readOnly: false,
  });
  scope.use(loop);
  const root = join(work, "root");
  await mkdir(root);
  const mounted = await mount(loop.path, root, { type: "ext4", options: ["noatime"] });
  scope.use(mounted);
  return { root, work, intent: { ...testIntent({ storage: graph }), disks: [disk] } };
}
