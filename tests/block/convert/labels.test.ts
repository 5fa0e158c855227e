// SPDX-License-Identifier: Apache-2.0
// SELinux labels on a real file system: what conversion and the boot probe make has that of its directory.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { applyChanges } from "../../../src/convert/index.ts";
import type { Change } from "../../../src/core/index.ts";
import { openBlobs } from "../../../src/convert/apply/blobs.ts";
import { readXattrs, SELINUX_LABEL, writeXattrs } from "../../../src/system/index.ts";
import { installProbe } from "../../../src/vm/probe/install-probe.ts";
import { temporary } from "../../support/temporary.ts";

const LABEL = Buffer.from("system_u:object_r:etc_t:s0\0").toString("base64");

test("directories made for new files, and the boot probe's files and links, get the label of their directory", async (t) => {
  const directory = await temporary(t);
  const root = join(directory, "root");
  await mkdir(join(root, "etc"), { recursive: true });
  await writeXattrs(join(root, "etc"), { [SELINUX_LABEL]: LABEL });
  const blobs = await openBlobs(join(directory, "blobs"));
  const after = { kind: "bytes", mode: 0o644, uid: 0, gid: 0, xattrs: {}, sizeBytes: 1 } as const;
  const change: Change = {
    step: "test",
    why: "",
    path: "/etc/a/b/file",
    before: { kind: "absent" },
    after: { ...after, sha256: await blobs.put(Buffer.from("x")) },
  };
  await applyChanges([change], { root, blobs, signal: t.signal });
  await installProbe(root, [
    { kind: "file", path: "/etc/systemd/probe.sh", mode: 0o644, content: "exit\n" },
    { kind: "link", path: "/etc/systemd/wants/probe", linkTarget: "/etc/systemd/probe.sh" },
    { kind: "file", path: "/unlabelled", mode: 0o644, content: "" },
  ]);
  const labelOf = async (path: string): Promise<string | undefined> =>
    (await readXattrs(join(root, path)))[SELINUX_LABEL];
  for (const path of ["etc/a", "etc/a/b", "etc/systemd", "etc/systemd/probe.sh", "etc/systemd/wants/probe"])
    assert.equal(await labelOf(path), LABEL, path);
  assert.equal(await labelOf("etc/a/b/file"), undefined, "a file has what was proposed for it");
  assert.equal(await labelOf("unlabelled"), undefined);
});
