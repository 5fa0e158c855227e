// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { makeProblem, named } from "../../core/index.ts";
import { memoryView } from "../../system/index.ts";
import { ROOT_UUID, testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { knownFrom } from "./known.ts";
import { parseConffiles } from "./package-defaults.ts";
import { findLeftovers, leftoverProblem, leftoversIn } from "./sweep.ts";
import { readVmFacts } from "./vm-facts.ts";

const has = { virtio_pci: "module", virtio_blk: "module" } as const;
const guest = testGuestOS();
const VIRTIO = { ...guest, kernels: guest.kernels.map((kernel) => ({ ...kernel, has })) };
const facts = readVmFacts(VIRTIO, testIntent());
const signal = new AbortController().signal;
const never = (): boolean => false;

const found = async (files: Record<string, string>): Promise<readonly string[]> =>
  (await findLeftovers(memoryView(files), { facts, isKnown: never, signal })).map(
    ({ path, line, name }) => `${path}:${line} ${name}`,
  );

test("what the VM has is none: its disks by its bus, its cards, the volumes that are given", () => {
  const [nic] = testIntent().nics;
  const text = `/dev/vda1\nUUID=${ROOT_UUID}\nHWADDR=${nic?.mac}\n-i ${nic?.name} \n/dev/vdb\n`;
  assert.deepEqual(
    leftoversIn("/etc/x", text, facts).map(({ name }) => name),
    ["/dev/vdb"],
    "there is one disk",
  );
});

test("a file as its package brought it is left out, one that was changed is not", async () => {
  const text = "DISK=/dev/sda\n";
  const md5 = createHash("md5").update(text).digest("hex");
  const status = `Package: x\nConffiles:\n /etc/default/x ${md5}\n /etc/default/y ${md5} obsolete\nStatus: y\n`;
  assert.equal(parseConffiles(status).size, 2);
  const files = { "/var/lib/dpkg/status": status, "/etc/default/x": text, "/etc/default/y": `${text}#\n` };
  assert.deepEqual(await found(files), ["/etc/default/y:1 /dev/sda"]);
});

test("what a file leaves out, and volumes that nothing waits for, are no old hardware", async () => {
  const gone = "UUID=99999999-aaaa-4bbb-8ccc-000000000099";
  const crypttab = `usb ${gone} none luks,noauto\nbk ${gone} /root/k luks,nofail\n`;
  const files = {
    "/etc/systemd/network/20-wired.network": "[Match]\nName=!enp9s0 enp8s0\n",
    "/etc/NetworkManager/system-connections/a": "[match]\ninterface-name=en*;!eno7;\n",
    "/etc/crypttab": crypttab,
  };
  assert.deepEqual(await found(files), []);
  const others = { "/etc/systemd/network/20-wired.network": "[Match]\nName=enp9s0\n", "/etc/x": `${gone}\n` };
  assert.equal((await found(others)).length, 2);
  const problem = leftoverProblem(leftoversIn("/etc/x", gone, facts), facts);
  assert.doesNotMatch(String(problem?.advice), /stable names/);
});

test("links and directories out of bounds are not followed", async () => {
  const files = {
    "/etc/a": { link: "/etc/b" },
    "/etc/b": "/dev/sda\n",
    "/etc/c": { link: "/" },
  };
  assert.deepEqual(await found(files as unknown as Record<string, string>), ["/etc/b:1 /dev/sda"]);
});

test("what another problem reported is not repeated, and the same name elsewhere is", () => {
  const isKnown = knownFrom([
    makeProblem("crypttab-not-given", { about: named("device", "/dev/sdb1"), text: "", advice: "" }),
    makeProblem("step-offered", {
      about: [{ kind: "file", of: "guest", path: "/etc/multipath.conf" }],
      text: "",
      advice: "",
    }),
  ]);
  assert.ok(isKnown("/etc/crypttab", "/dev/sdb1"));
  assert.ok(isKnown("/etc/multipath.conf", "36000"));
  assert.ok(!isKnown("/etc/rc.local", "/dev/sdb1"));
  assert.ok(!isKnown("/etc/crypttab", "/dev/sdc1"));
});

test("the gravest come first, the rest is counted, and one that matters little is a note", () => {
  const line = (path: string, number: number) =>
    ({ kind: "disk", name: "/dev/sdq", path, line: number }) as const;
  const many = "abcdefghijk"
    .split("")
    .flatMap((name) => [line(`/etc/nagios/${name}`, 1), line(`/etc/nagios/${name}`, 2)]);
  const problem = leftoverProblem([...many, line("/etc/rc.local", 3), line("/etc/rc.local", 4)], facts);
  assert.equal(problem?.severity, "warns");
  assert.match(
    String(problem?.text),
    /^24 lines .*: \/etc\/rc\.local:3,4 \(script at boot: \/dev\/sdq\); \/etc\/nagios\/a:1,2 \(monitoring: /,
  );
  assert.match(String(problem?.text), /; 8 more with --json$/);
  assert.equal(problem?.about.length, 24);
  assert.equal(leftoverProblem(many.slice(0, 1), facts)?.severity, "notes");
  assert.equal(leftoverProblem([], facts), null);
});
