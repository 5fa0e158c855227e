// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, propose } from "../../../../tests/support/guests/convert-guest.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { ROOT_UUID, testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { readVolumes } from "../../names/volumes.ts";
import { escapePath } from "../../text/unit-names.ts";
import { withoutLeftOut } from "./fstab.ts";
import { renderFstab } from "./fstab-text.ts";

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

test("escaped and quoted devices are those that they mean; what systemd shall wait for is named with them", () => {
  const volumes = readVolumes(testGuestOS(), testIntent());
  const link = `/dev/disk/by-uuid/${ROOT_UUID}`;
  const unit = escapePath(link);
  const cases: readonly (readonly [string, string])[] = [
    ["/dev\\057sda1 / ext4 ro", `UUID=${ROOT_UUID} / ext4 ro`],
    ['"/dev/sda1"\t/my\\040data ext4', `UUID=${ROOT_UUID}\t/my\\040data ext4`],
    ["nas:/x /x nfs x-systemd.requires=/dev/sda1,ro 0 0", `nas:/x /x nfs x-systemd.requires=${link},ro 0 0`],
    ["/a /b none bind,x-systemd.after=dev-sda1.device", `/a /b none bind,x-systemd.after=${unit}.device`],
    ["/a /b none bind,x-systemd.requires=/srv", "/a /b none bind,x-systemd.requires=/srv"],
    ["/dev/sda1", "/dev/sda1"],
  ];
  for (const [before, after] of cases) {
    assert.deepEqual(renderFstab(`${before}\n`, volumes), { text: `${after}\n`, problems: [] });
    assert.equal(renderFstab(`${after}\n`, volumes).text, `${after}\n`, "a second time");
  }
  const lost = (line: string): readonly string[] => {
    const { text, problems } = renderFstab(line, volumes);
    assert.equal(text, line);
    return problems.map(({ code }) => code);
  };
  assert.deepEqual(lost("/a /b none bind,x-systemd.requires=/dev/sdb1"), ["unit-not-given"]);
  assert.deepEqual(lost("/a /b none bind,x-systemd.after=/dev/sdb1"), []);
  assert.deepEqual(lost("/dev/sda1:/dev/sdb1 /b bcachefs defaults"), ["fstab-no-uuid"]);
  assert.deepEqual(lost("/dev/sda2 /b ext4 defaults"), ["fstab-no-uuid"]);
});
