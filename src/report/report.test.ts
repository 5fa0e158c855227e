// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../lab/samples/report.ts";
import type { Outcome } from "../core/index.ts";
import { renderReport } from "./html.ts";
import { exitCodeOf, nextSteps, verdictOf } from "./verdict.ts";

const NIC = { name: "enp3s0", mac: null };

test("the page begins with the verdict and what to do next", () => {
  const page = renderReport(sampleReport(), { screenshotPng: null });
  const verdict = page.indexOf("<strong>booted</strong>");
  const next = page.indexOf("What to do next");
  assert.ok(verdict > 0 && next > verdict);
  for (const later of [
    "The way back",
    "Hardware sheet",
    "What was sent",
    "Changes in the guest",
    "Time",
    "Proof",
  ])
    assert.ok(page.indexOf(`<h2>${later}`) > next, later);
});

test("what is not known of the machine is shown as unknown, never as 0", () => {
  assert.match(
    renderReport(sampleReport(), { screenshotPng: null }),
    /Memory<\/th><td>unknown \(a disk image brings no machine\)/,
  );
});

test("text of a hostile guest stays text", () => {
  const hostile = "<script>alert(1)</script>\u001b[2J";
  const outcome: Outcome = { kind: "not-booted", why: hostile, lastLines: [hostile] };
  const page = renderReport(sampleReport({ name: hostile, outcome }), { screenshotPng: null });
  assert.ok(!page.includes("<script"));
  assert.ok(!page.includes("\u001b"));
  assert.ok(page.includes("&lt;script&gt;alert(1)"));
});

test("the page takes nothing from outside and holds the picture itself", () => {
  const page = renderReport(sampleReport(), { screenshotPng: Uint8Array.of(1, 2, 3) });
  assert.match(page, /src="data:image\/png;base64,AQID"/);
  assert.ok(!/(src|href)="(?!data:)/.test(page));
});

test("exit codes: root or network that differ are no success, a failed unit alone is", () => {
  const code = (outcome: Outcome): number => exitCodeOf(sampleReport({ outcome }));
  assert.equal(code({ kind: "booted", seconds: 1 }), 0);
  assert.equal(
    code({ kind: "booted-but", seconds: 1, differences: [{ about: "unit", text: "a.service failed" }] }),
    0,
  );
  assert.equal(
    code({
      kind: "booted-but",
      seconds: 1,
      differences: [{ about: "network", nic: NIC, fault: "no-address", text: "enp3s0 has no address" }],
    }),
    7,
  );
  assert.equal(
    code({
      kind: "booted-but",
      seconds: 1,
      differences: [{ about: "root", fault: "other", text: "root is another" }],
    }),
    7,
  );
  const untried: Outcome = {
    kind: "booted-but",
    seconds: 1,
    differences: [{ about: "not-tried", text: "DHCP was not tried" }],
  };
  assert.equal(code(untried), 0);
  assert.equal(verdictOf(untried).title, "booted");
  assert.match(verdictOf(untried).detail, /DHCP was not tried/);
  assert.equal(code({ kind: "not-booted", why: "", lastLines: [] }), 7);
  assert.equal(code({ kind: "not-tried", why: "" }), 7);
  const { intent } = sampleReport();
  assert.equal(
    exitCodeOf(
      sampleReport({
        outcome: { kind: "not-tried", why: "declined" },
        intent: { ...intent, bootCheck: false },
      }),
    ),
    0,
  );
});

test("a source that changed is not a success, however well the VM booted", () => {
  const { proof } = sampleReport();
  const compared = {
    why: "the record",
    readBytes: 5,
    unreadBytes: 9,
    samples: 2,
    sampledBytes: 4,
    differing: [],
  };
  assert.equal(exitCodeOf(sampleReport({ compared: { ...compared, kind: "differs" } })), 8);
  assert.equal(exitCodeOf(sampleReport({ compared: { ...compared, kind: "full" } })), 0);
  assert.equal(exitCodeOf(sampleReport({ proof: { ...proof, held: false } })), 8);
});

test("a VM without its network is called that", () => {
  const outcome: Outcome = {
    kind: "booted-but",
    seconds: 1,
    differences: [{ about: "network", nic: NIC, fault: "no-address", text: "enp3s0 is missing" }],
  };
  assert.equal(verdictOf(outcome).title, "booted, but no network");
});

test("the next steps tell how it is started where it is defined, and that it runs where it was", () => {
  const definition = {
    format: "definition/1",
    hypervisor: "libvirt",
    uri: "qemu:///system",
    name: "aurora",
    uuid: "360d7bf4-eef1-83e3-82b5-a9071b86c081",
    files: [],
    links: [],
  } as const;
  const xen = { ...definition, hypervisor: "xen", uri: null } as const;
  const files = [{ path: "/etc/xen/aurora.cfg", sha256: "" }];
  const steps = (more: Parameters<typeof sampleReport>[0]): string =>
    nextSteps(sampleReport(more)).join("\n");
  assert.match(steps({ definition }), /^Start it: virsh -c qemu:\/\/\/system start \S+$/m);
  assert.match(steps({ definition: { ...xen, files } }), /^Start it: xl create \/etc\/xen\/aurora\.cfg$/m);
  assert.match(steps({ definition, started: { kind: "login", seconds: 41 } }), /login was there after 41 s/);
  const lost = { kind: "not-seen", why: "it stopped" } as const;
  assert.match(steps({ definition, started: lost }), /nobody could log in: it stopped/);
  assert.equal(exitCodeOf(sampleReport({ started: lost })), 7);
});

test("what a package brought is told by directory, and a long list of paths is cut", () => {
  const report = sampleReport();
  const [sample] = report.changes;
  assert.ok(sample !== undefined);
  const changes = Array.from({ length: 1000 }, (_, index) => ({
    ...sample,
    step: "drivers",
    why: "kernel from extras",
    path: `/lib/modules/6.1/kernel/drivers/${index}.ko`,
  }));
  const page = renderReport({ ...report, changes }, { screenshotPng: null });
  assert.match(page, /1000 files <span class="soft">kernel from extras<\/span>/);
  assert.match(page, /<code>\/lib\/modules\/6\.1\/kernel<\/code>: 1000/);
  assert.match(page, /drivers\/4\.ko and 995 more/);
  assert.ok(page.length < 100_000);
});
