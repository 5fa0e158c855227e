// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOT_UUID, testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { readVolumes } from "../../names/volumes.ts";
import { withNofail } from "./absent-mounts.ts";

test("lines whose disks are not given get nofail, and nothing else changes", () => {
  const intent = testIntent();
  const volumes = readVolumes(testGuestOS(), intent);
  const before = [
    "# /dev/sdb1 /x ext4 defaults 0 2\n",
    `UUID=${ROOT_UUID} / ext4 errors=remount-ro 0 1\n`,
    "/dev/sda2 none swap sw 0 0\n",
    "/dev/sdb1\t/srv/a  ext4\tnoatime 0 2 # data\r\n",
    "UUID=99999999-1111 /srv/b xfs defaults 0 2\n",
    "LABEL=gone /srv/c ext4 defaults,nofail 0 2\n",
    "/dev/vg9/x /srv/d ext4 defaults 0 2\n",
    "/dev/sdc1 none swap sw 0 0\n",
    "server:/x /srv/e nfs defaults 0 0\n",
    "/dev/sdb2 /srv/f auto noauto 0 0\n",
  ];
  const after = withNofail(before.join(""), { volumes, intent });
  const wanted = before.with(3, "/dev/sdb1\t/srv/a  ext4\tnoatime,nofail 0 2 # data\r\n");
  assert.equal(
    after,
    wanted
      .with(4, "UUID=99999999-1111 /srv/b xfs defaults,nofail 0 2\n")
      .with(6, "/dev/vg9/x /srv/d ext4 defaults,nofail 0 2\n")
      .join(""),
  );
  assert.equal(withNofail(after, { volumes, intent }), after, "a second time");
});

test("labels with escapes and quotes are looked for as they are meant", () => {
  const plain = testIntent();
  const [node] = plain.storage.nodes.filter(({ holds }) => holds.kind === "filesystem");
  assert.ok(node?.holds.kind === "filesystem");
  const labelled = { ...node, holds: { ...node.holds, label: "my ä\\data" } };
  const nodes = plain.storage.nodes.map((one) => (one === node ? labelled : one));
  const intent = { ...plain, storage: { ...plain.storage, nodes } };
  const volumes = readVolumes(testGuestOS(), intent);
  const there = [
    "LABEL=my\\040\\303\\244\\134data /srv/a ext4 defaults 0 2\n",
    'LABEL="my\\040ä\\134data" /srv/b ext4 defaults 0 2\n',
    "/dev/disk/by-label/my\\x20ä\\x5cdata /srv/c ext4 defaults 0 2\n",
    "/dev/disk/by-label/my\\x20\\xc3\\xa4\\x5cdata /srv/d ext4 defaults 0 2\n",
  ].join("");
  const latin1 = Buffer.from(there, "utf8").toString("latin1");
  assert.equal(withNofail(latin1, { volumes, intent }), latin1);
  const gone = "LABEL=my\\040gone /srv ext4 defaults 0 2\n";
  assert.match(withNofail(gone, { volumes, intent }), /defaults,nofail/);
});

test("a volume of LVM of which a part stays behind is absent", () => {
  const plain = testIntent();
  const [first] = plain.storage.nodes;
  assert.ok(first !== undefined);
  const line = "/dev/vg0/data /srv ext4 defaults 0 2\n";
  const after = (missing: object): string => {
    const holds = { kind: "lvm-lv", uuid: "lv", name: "vg0/data", ...missing } as const;
    const nodes = [...plain.storage.nodes, { ...first, id: "lv:vg0/data", holds }];
    const intent = { ...plain, storage: { ...plain.storage, nodes } };
    return withNofail(line, { volumes: readVolumes(testGuestOS(), intent), intent });
  };
  assert.equal(after({}), line);
  assert.equal(after({ missing: { pvs: ["x"], of: "group" } }), line);
  assert.match(after({ missing: { pvs: ["x"], of: "volume" } }), /defaults,nofail/);
});
