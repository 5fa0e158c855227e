// SPDX-License-Identifier: Apache-2.0
// A host may answer what it likes: the reading ends soon, and nothing in it can harm a terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseHostFacts } from "./facts.ts";
import { assertLinear, filled } from "../../../tests/support/growth.ts";
import { anyCharacter } from "../../../tests/support/laws.ts";

const MARK = "p2v-mark";
const NAMES = [
  "uname os id cpus cpuinfo meminfo kvm programs qemu firmware xen-caps xl-info xl-list xen-files virsh-uri",
  "clock virsh-version virsh-sudo virsh-domains virsh-pools virsh-active-pools virsh-networks virsh-active-networks",
  "virsh-kvm virsh-qemu pve-version pve-storage pve-vms pve-list dirs vgs zpool bridges ovs",
].flatMap((line) => line.split(" "));

/** Words that the readers look for, and noise. */
const TOKEN = fc.oneof(
  fc.constantFrom(
    "<pool type='dir'>",
    "<name>",
    "</name>",
    "<target>",
    "<path>",
    "</path>",
    "<network>",
    "\n",
  ),
  fc.constantFrom("<forward mode='nat'", "<bridge name='b'/>", "=3f0c8a51-1d6b-8e57-9a43-6b1f8c2d7e90", " "),
  fc.constantFrom(
    "xen_caps : xen-3.0-x86_64",
    "control_d",
    "[{",
    '"domid":',
    "w /x",
    "up br0",
    "a|1|2",
    "\t",
  ),
  fc.constantFrom("/etc/pve/qemu-server/100.conf:", "net0: virtio=BC:24:11:0A:0B:0C", "\u001b[31m", "\u202e"),
  fc.string({ unit: anyCharacter, maxLength: 20 }),
);
const BODY = fc.array(TOKEN, { maxLength: 60 }).map((words) => words.join(""));
const SECTION = fc.record({
  name: fc.constantFrom(...NAMES),
  body: BODY,
  code: fc.integer({ min: 0, max: 2 }),
});
const ANSWER = fc.array(SECTION, { maxLength: 40 }).map((sections) => {
  const parts = sections.map(({ name, body, code }) => `\n${MARK} ${name}\n${body}\n${MARK}= ${code}\n`);
  return `${parts.join("")}\n${MARK} end\n`;
});

const ASKED = { fromMs: 1_000_000, toMs: 1_002_500 };

test("parseHostFacts() reads any answer, and names hold nothing that a terminal obeys", () => {
  fc.assert(
    fc.property(ANSWER, (text) => {
      const facts = parseHostFacts(text, { mark: MARK, title: "host", asked: ASKED });
      assert.ok(facts !== null);
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(JSON.stringify(facts), /\\u00[01]|\\[nrbft]|\u202e|\u007f/);
    }),
    { numRuns: 300 },
  );
});

test("parseHostFacts() is not slowed by an answer made for that", async () => {
  const bodies: readonly ((scale: 1 | 4) => string)[] = [
    (scale) => filled("<pool ", scale),
    (scale) => `<pool type='dir'>${filled("<target><path>", scale)}`,
    (scale) => `<network>\n${filled("<forward ", scale)}`,
    (scale) => `\n=${filled("0", scale)}`,
    (scale) => filled("[", scale),
    (scale) => filled("w /x\n", scale),
    (scale) => filled("1 ", scale),
  ];
  for (const body of bodies)
    for (const name of NAMES)
      await assertLinear(`${name} with ${body(1).slice(0, 20)}`, (scale) =>
        parseHostFacts(`\n${MARK} ${name}\n${body(scale)}\n${MARK}= 0\n\n${MARK} end\n`, {
          mark: MARK,
          title: "",
          asked: ASKED,
        }),
      );
});

test("the clock is compared with the time of asking, which is not a difference", () => {
  const ahead = (text: string): unknown =>
    parseHostFacts(`\n${MARK} clock\n${text}\n\n${MARK}= 0\n\n${MARK} end\n`, {
      mark: MARK,
      title: "",
      asked: ASKED,
    })?.clockAheadSeconds;
  assert.deepEqual(ahead("1001"), { kind: "known", value: 0 });
  assert.deepEqual(ahead("1002"), { kind: "known", value: 0 });
  assert.deepEqual(ahead("940"), { kind: "known", value: -60 });
  assert.deepEqual(ahead("1602"), { kind: "known", value: 600 });
  for (const text of ["", "-1", "+%s", "9".repeat(400)])
    assert.equal((ahead(text) as { kind: string }).kind, "unknown", text);
});

test("an answer without its end is none", () => {
  assert.equal(
    parseHostFacts(`\n${MARK} uname\nLinux x86_64\n\n${MARK}= 0\n`, { mark: MARK, title: "", asked: ASKED }),
    null,
  );
  assert.equal(parseHostFacts("", { mark: MARK, title: "", asked: ASKED }), null);
});

test("a name cannot begin a section of its own", () => {
  const text = `\n${MARK} os\nPRETTY_NAME=x\nother-mark uname\nLinux sparc\n\n${MARK}= 0\n\n${MARK} end\n`;
  assert.equal(parseHostFacts(text, { mark: MARK, title: "", asked: ASKED })?.arch, "unknown");
});

test("a libvirt whose QEMU has no machine pc says so, and a silent one is not taken for it", () => {
  const section = (name: string, words: string, code: number): string =>
    `\n${MARK} ${name}\n${words}\n\n${MARK}= ${code}\n`;
  const withoutPc = (...more: readonly string[]): unknown =>
    parseHostFacts(
      [
        section("programs", "/usr/bin/virsh\n/usr/sbin/libvirtd", 0),
        section("virsh-uri", "qemu:///system", 0),
        section("virsh-version", "Running against daemon: 10.5.0", 0),
        section("virsh-kvm", "<domainCapabilities/>", 0),
        ...more,
        `\n${MARK} end\n`,
      ].join(""),
      { mark: MARK, title: "", asked: ASKED },
    )?.libvirt?.withoutPc;
  const words =
    "error: invalid argument: the machine 'pc' is not supported by emulator '/usr/libexec/qemu-kvm'";
  assert.equal(withoutPc(section("virsh-pc", words, 1)), true);
  assert.equal(withoutPc(section("virsh-pc", "<domainCapabilities/>", 0)), undefined);
  assert.equal(withoutPc(section("virsh-pc", "", 124)), undefined);
  assert.equal(withoutPc(), undefined);
});
