// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, propose } from "../../../../tests/support/guests/convert-guest.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { ROOT_UUID, testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { readVolumes } from "../../names/volumes.ts";
import { withoutLeftOut } from "./fstab.ts";

test("problem 13: lines of a disk that is left out become comments", () => {
  const disk = { number: 2, path: "/dev/sdb", kind: "device", sizeBytes: 2 ** 30, sectorBytes: 512 } as const;
  const volumes = [
    { kind: "swap", uuid: "5A5A5A5A-0002", label: "swap2" },
    { kind: "filesystem", uuid: "E5E5-0002", label: null },
  ] as const;
  const named = readVolumes(testGuestOS(), testIntent());
  const kept = `UUID=${ROOT_UUID} / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n# UUID=5a5a5a5a-0002 none swap sw 0 0\n/dev/md0 /boot ext4 defaults 0 2\n`;
  const gone = [
    "UUID=5a5a5a5a-0002  none swap sw 0 0\n",
    "LABEL=swap2 none swap sw 0 0\n",
    "/dev/sdb2 none swap sw 0 0\n",
    "/dev/disk/by-uuid/E5E5-0002 /boot/efi2 vfat umask=0077 0 1\n",
  ];
  const comments = gone.map(
    (line) => `# virt-p2v: on a disk that was left out, since its mirror is here\n# ${line}`,
  );
  assertEdit(
    (text) => withoutLeftOut(text, [{ disk, volumes }], named),
    kept + gone.join(""),
    kept + comments.join(""),
  );
  assert.equal(withoutLeftOut(gone.join(""), [], named), gone.join(""));
});

test("a mount that inspection could not find is not reported again by the step; another one is", async (t) => {
  const mount = (spec: string, path: string) => ({
    spec,
    path,
    type: "ext4",
    options: "defaults",
    node: null,
  });
  const guest = testGuestOS({ mounts: [mount("/dev/sdq1", "/srv"), mount("/dev/sdq2", "/srv on /data,")] });
  const files = { "/etc/fstab": "/dev/sdq1 /srv ext4 defaults 0 2\n/dev/sdq2 /data ext4 defaults 0 2\n" };
  const { problems } = await propose(await fakeGuest(t, { files, guest }));
  const reported = problems.filter(({ code }) => code === "fstab-not-given");
  assert.deepEqual(
    reported.map(({ about }) => about),
    [[{ kind: "mount", spec: "/dev/sdq2", path: "/data", type: "ext4" }]],
  );
});
