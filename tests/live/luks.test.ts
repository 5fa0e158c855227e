// SPDX-License-Identifier: Apache-2.0
// LUKS volumes above dm-snapshots: dm-crypt, also with sectors of 4096 bytes. Runs inside the live CD, as snapshot.test.ts.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Secret, type SourceDisk } from "../../src/core/index.ts";
import { readDiskGraph } from "../../src/inspect/index.ts";
import { attachVolumes, mountGuest, openOverlay } from "../../src/overlay/index.ts";
import { attachLoop, hasMapperTargets, listMapped, run } from "../../src/system/index.ts";
import { makeFilesystem, noise } from "../support/disks/filesystems.ts";
import { encryptVolume, type LuksOptions, PASSPHRASE } from "../support/disks/luks.ts";
import { leavingNothing, never as signal, sha256sum } from "../support/disks/overlays.ts";
import { scratch } from "../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 8 * MIB;
const KINDS: Readonly<Record<string, LuksOptions>> = {
  "LUKS2 with sectors of 4096 bytes": { sectorBytes: 4096 },
  "LUKS1 with CBC and ESSIV": { type: "luks1", cipher: "aes-cbc-essiv:sha256" },
};
const content = noise("live luks", MIB);

for (const [name, options] of Object.entries(KINDS))
  test(`${name} is read and written by dm-crypt`, () =>
    leavingNothing(async (storeDirectory) => {
      assert.ok(await hasMapperTargets(["crypt"]));
      await using scope = new AsyncDisposableStack();
      const directory = scope.use(await scratch()).path;
      const [plain, luks] = [join(directory, "plain"), join(directory, "luks.img")];
      // The kernel mounts no blocks that are smaller than the device's sectors.
      const mkfsOptions = ["-b", "4096"];
      const spec = { fs: "ext4", files: { "/old": "as it was\n" }, mkfsOptions } as const;
      await makeFilesystem(plain, { sizeBytes: SIZE, scratch: directory, spec });
      const sizeBytes = SIZE + (await encryptVolume({ path: plain, sizeBytes: SIZE }, luks, options));
      const before = await sha256sum(luks);
      const loop = scope.use(await attachLoop(luks, { offset: 0, sizeBytes, readOnly: false }));
      await run(["blockdev", "--setro", loop.path]);
      scope.defer(async () => void (await run(["blockdev", "--setrw", loop.path]))); // the flag stays with the number
      const disk: SourceDisk = { number: 1, path: loop.path, kind: "device", sizeBytes, sectorBytes: 512 };
      const keys = [{ uuid: null, secret: new Secret(Buffer.from(PASSPHRASE)), title: "key" }];
      const { graph, opened, problems } = await readDiskGraph([disk], { keys, signal });
      assert.deepEqual(problems, []);
      const root = { node: "disk:1/luks/crypt/fs", type: "ext4" };
      const view = scope.use(await openOverlay(disk, { storeDirectory, signal }));
      {
        await using volumes = await attachVolumes({ graph, views: [view], opened, readOnly: false, signal });
        const device = await volumes.device(root.node);
        assert.match("path" in device ? device.path : JSON.stringify(device), /^\/dev\/mapper\/p2v-volumes-/);
        await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
        assert.equal(await readFile(join(tree.directory, "old"), "utf8"), "as it was\n");
        await writeFile(join(tree.directory, "new"), content);
      }
      const sealed = scope.use(await view.seal({ signal }));
      {
        await using volumes = await attachVolumes({ graph, views: [sealed], opened, readOnly: true, signal });
        await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
        assert.ok((await readFile(join(tree.directory, "new"))).equals(content));
      }
      assert.ok(!(await readFile(sealed.path)).includes(content.subarray(0, 4096)), "it lies encrypted");
      assert.equal(await sha256sum(luks), before);
      await sealed[Symbol.asyncDispose]();
      assert.ok((await listMapped()).every((one) => !one.startsWith("p2v-volumes-")));
    }));
