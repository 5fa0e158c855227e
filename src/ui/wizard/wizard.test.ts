// SPDX-License-Identifier: Apache-2.0
// The way through the pages: Back, Esc, help, and where each failure leads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pageToFix } from "./fix-page.ts";
import { ALL, error, HOST, VM, walk } from "../../../tests/support/wizard-walk.ts";

test("Next alone leads to the job, with what was found as answers", async () => {
  const { code, kept } = await walk(ALL);
  assert.equal(code, 0);
  assert.deepEqual(kept?.answers.get("disk"), ["/dev/sda", "/dev/sdb"]);
  assert.deepEqual(kept?.answers.get("name"), ["aurora"]);
  assert.equal(kept?.answers.get("memory"), undefined, "disk images bring no machine");
});

test("Back goes over pages that do not apply, and keeps what was answered", async () => {
  const { kept } = await walk([
    ["Welcome", "standing", "next"],
    ["Where the VM goes", ["dir"], "next"],
    ["Directory", ["/mnt/vms"], "next"],
    ["Disks", "standing", "back"],
    ["Directory", "standing", "back"],
    ["Where the VM goes", "standing", "next"],
    [/^Directory: /, "standing", "next"],
    ["Disks", ["/dev/sdb"], "next"],
    ["Virtual machine", "standing", "back"],
    ["Disks", "standing", "next"],
    ["Virtual machine", "standing", "next"],
  ]);
  assert.deepEqual(kept?.answers.get("to"), ["dir:/mnt/vms"]);
  assert.deepEqual(kept?.answers.get("disk"), ["/dev/sdb"]);
});

test("leaving is asked; help leads back to its page", async () => {
  await walk([
    ["Welcome", "standing", "back"],
    ["Leave the wizard?", "standing", "next"],
    ["Welcome", "standing", "help"],
    ["Help", "standing", "next"],
    ...ALL,
  ]);
  assert.equal(
    (
      await walk([
        ["Welcome", "standing", "back"],
        ["Leave the wizard?", ["leave"], "next"],
      ])
    ).code,
    0,
  );
});

test("what makes no sense is said, and asked again on its page", async () => {
  const { kept } = await walk([
    ...ALL.slice(0, 2),
    ["Host", ["a host", "22", "root", "/srv"], "next"],
    [/^This does not work yet: .*a host/s, "standing", "next"],
    ["Host", HOST, "next"],
    ...ALL.slice(3, 5),
    ["Disks", [], "next"],
    [/^This does not work yet: No disk/, "standing", "next"],
    ["Disks", ["/dev/sda"], "next"],
    ["Virtual machine", ["web", "much", "2", "auto", "", "raw"], "next"],
    [/^This does not work yet: .*memory/s, "standing", "next"],
    ["Virtual machine", VM, "next"],
  ]);
  assert.deepEqual(kept?.answers.get("memory"), ["2G"]);
});

test("what was typed on a page stands there again after Back and help", async () => {
  const typed = ["half", "64", "root", "/x"];
  const { kept } = await walk([
    ...ALL.slice(0, 2),
    ["Host", typed, "help"],
    ["Help", "standing", "next"],
    ["Host", HOST, "back"],
    ["Where the VM goes", "standing", "next"],
    ["Host", "standing", "next"],
    ["Is this your host?", "standing", "next"],
    ...ALL.slice(4),
  ]);
  assert.deepEqual(kept?.answers.get("to"), ["ssh://root@xen1.example.org:2222/srv/vms"]);
});

test("another host is asked for its key anew, the same one is not", async () => {
  const same = await walk(ALL);
  assert.equal(same.scanned, 0);
  const other = await walk([
    ...ALL.slice(0, 2),
    ["Host", ["2001:db8::7", "", "admin", "/srv/vms"], "next"],
    ["Is this your host?", ["SHA256:new"], "next"],
    ...ALL.slice(4),
  ]);
  assert.equal(other.scanned, 1);
  assert.deepEqual(other.kept?.answers.get("to"), ["ssh://admin@[2001:db8::7]/srv/vms"]);
  assert.deepEqual(other.kept?.answers.get("host-key"), ["SHA256:new"]);
});

test("a failure of the job leads to the page that can fix it, and from there on again", async () => {
  let tries = 0;
  await walk(
    [
      ...ALL,
      [/^This does not work yet: It is host-login-refused/, "standing", "next"],
      ["Login", "standing", "next"],
      ...ALL.slice(5),
    ],
    {
      job: async () => {
        tries += 1;
        if (tries === 1) throw error("host-login-refused");
        return { kind: "ended", code: 0 };
      },
    },
  );
  assert.equal(tries, 2);
});

test("a plan that is not liked leads back to the VM", async () => {
  let tries = 0;
  await walk([...ALL, ["Virtual machine", "standing", "next"]], {
    job: async () => {
      tries += 1;
      return tries === 1 ? { kind: "back" } : { kind: "ended", code: 0 };
    },
  });
});

test("a plan that has seen stoppers leads to the page that fixes them, without saying it twice", async () => {
  let tries = 0;
  await walk([...ALL, ["Host", "standing", "next"], ...ALL.slice(3)], {
    job: async () => {
      tries += 1;
      if (tries === 1) return { kind: "fix", error: error("destination-full") };
      return { kind: "ended", code: 0 };
    },
  });
});

test("what was wrong in the answers of the boot is said first", async () => {
  await walk([[/^This does not work yet: It is parameter-wrong/, "standing", "next"], ...ALL], {
    trouble: error("parameter-wrong"),
  });
});

test("each failure has its page", () => {
  const pages = {
    host: "host-timeout",
    login: "host-login-refused",
    "host-key": "host-key-changed",
    vm: "destination-exists",
    disks: "source-unreadable",
  } as const;
  for (const [page, code] of Object.entries(pages)) assert.equal(pageToFix(error(code)), page);
  assert.equal(pageToFix(error("destination-full")), "host");
});
