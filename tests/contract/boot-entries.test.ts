// SPDX-License-Identifier: Apache-2.0
// The boot menu from one firmware to another: what is written for the VM reads as what was read on the machine.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { type BlockGraph, guidBytes, known, type Machine, type VmBootEntry } from "../../src/core/index.ts";
import { parseLoadOption } from "../../src/inspect/machine/efi-boot.ts";
import { chooseBootEntries } from "../../src/plan/boot-entries.ts";
import { parseNvram, parsePflash } from "../../src/vm/define/define-libvirt.ts";
import { bootVariables } from "../../src/vm/nvram/boot-entries.ts";
import { renderBootOrder, renderLoadOption } from "../../src/vm/nvram/load-option.ts";
import { putVariables } from "../../src/vm/nvram/store.ts";

const MIB = 2 ** 20;
const UUID = "e1a2b3c4-0001-4a53-9a1c-0d6e6f1b2c4e";
const ENTRY: VmBootEntry = {
  label: "debian",
  active: true,
  partition: { number: 2, startBytes: 64 * MIB, sizeBytes: 512 * MIB, uuid: UUID },
  file: "\\EFI\\debian\\shimx64.efi",
};

test("a load option reads as it was written", () => {
  assert.deepEqual(parseLoadOption(7, renderLoadOption(ENTRY)), {
    number: 7,
    label: "debian",
    active: true,
    path: `HD(2,GPT,${UUID})/\\EFI\\debian\\shimx64.efi`,
  });
});

const graph: BlockGraph = {
  nodes: [
    {
      id: "disk:1",
      path: "/dev/sda",
      sizeBytes: 1024 * MIB,
      sectorBytes: 512,
      holds: { kind: "disk", serial: null, model: "", table: "gpt" },
    },
    {
      id: "disk:1/part:2",
      path: "/dev/sda",
      sizeBytes: 512 * MIB,
      sectorBytes: 512,
      holds: { kind: "partition", number: 2, type: "C12A7328", uuid: UUID, bootable: null },
    },
  ],
  edges: [{ from: "disk:1/part:2", to: "disk:1", map: [{ from: 0, to: 64 * MIB, length: 512 * MIB }] }],
};

test("entries of partitions that go along are taken, in their order; network, shell and other disks stay", () => {
  const path = `HD(2,GPT,${UUID.toUpperCase()})/\\EFI\\debian\\shimx64.efi`;
  const entry = (number: number, label: string, at: string | null, active = true) => ({
    number,
    label,
    active,
    path: at,
  });
  const firmware: Machine["firmware"] = known({
    kind: "uefi",
    secureBoot: false,
    bootEntries: [
      entry(3, "off", path, false),
      entry(0, "PXE", "MAC(525400123456)/IPv4"),
      entry(1, "other disk", path.replace("E1A2", "FFFF")),
      entry(2, "shell", null),
      entry(9, "MBR", "HD(1,MBR,1234abcd)/\\EFI\\x.efi"),
      entry(4, "debian", path),
    ],
  });
  const found = chooseBootEntries(firmware, graph);
  assert.deepEqual(
    found.map(({ label, active }) => [label, active]),
    [
      ["off", false],
      ["debian", true],
    ],
  );
  assert.deepEqual({ ...found[1]?.partition, uuid: UUID }, ENTRY.partition);
  assert.deepEqual(chooseBootEntries(known({ kind: "bios" }), graph), []);
});

/** An empty store as EDK II makes it. */
function emptyStore(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(72 + sizeBytes, 0xff);
  bytes.fill(0, 0, 72 + 28);
  guidBytes("fff12b8d-7696-4c8b-a985-2747075b4f50").copy(bytes, 16);
  bytes.write("_FVH", 40, "latin1");
  bytes.writeUInt16LE(72, 48);
  guidBytes("aaf32c78-947b-439a-a180-2e144ec37792").copy(bytes, 72);
  bytes.writeUInt32LE(sizeBytes, 72 + 16);
  bytes[72 + 20] = 0x5a;
  bytes[72 + 21] = 0xfe;
  return bytes;
}

test("variables are put behind each other; an older one of the same name is deleted, and nothing else changes", () => {
  const variables = bootVariables({ bootEntries: [ENTRY, { ...ENTRY, label: "second" }] });
  assert.deepEqual(
    variables.map(({ name }) => name),
    ["Boot0000", "Boot0001", "BootOrder"],
  );
  const once = putVariables(emptyStore(4096), variables);
  assert.ok(typeof once !== "string");
  const order = { name: "BootOrder", value: renderBootOrder([1, 0]) };
  const twice = putVariables(once, [order]);
  assert.ok(typeof twice !== "string");
  const changed = [...once.keys()].filter((at) => once[at] !== twice[at]);
  const [deleted = 0, ...added] = changed;
  assert.deepEqual([once[deleted], twice[deleted]], [0x3f, 0x3d]);
  assert.ok(added.every((at) => once[at] === 0xff));
  assert.equal(putVariables(emptyStore(256), variables), "it has no room left");
  assert.equal(putVariables(Buffer.alloc(4096), variables), "it is not a store of OVMF");
});

const OVMF = ["/usr/share/OVMF/OVMF_VARS_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"];

for (const path of OVMF)
  test(`${path} takes them`, { skip: existsSync(path) ? false : "OVMF is not installed" }, () => {
    const template = readFileSync(path);
    const filled = putVariables(template, bootVariables({ bootEntries: [ENTRY] }));
    assert.ok(typeof filled !== "string", String(filled));
    assert.equal(filled.length, template.length);
    assert.notDeepEqual(filled, template);
  });

test("any bytes for a store end in a word, not in an error", () => {
  const store = emptyStore(2048);
  const variables = bootVariables({ bootEntries: [ENTRY] });
  const edits = fc.array(fc.tuple(fc.nat(store.length - 1), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(edits, fc.nat(store.length), (some, length) => {
      const bytes = Buffer.from(store.subarray(0, some.length % 3 === 0 ? length : store.length));
      for (const [at, value] of some) if (at < bytes.length) bytes[at] = value;
      const result = putVariables(bytes, variables);
      assert.ok(typeof result === "string" || result.length === bytes.length);
    }),
  );
});

test("parseNvram() finds where libvirt will keep a domain's variables", () => {
  const xml = `<os firmware='efi'><loader readonly='yes'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram></os>`;
  assert.deepEqual(parseNvram(xml), {
    template: "/usr/share/OVMF/OVMF_VARS_4M.fd",
    path: "/var/lib/libvirt/qemu/nvram/web_VARS.fd",
  });
  assert.equal(parseNvram("<os firmware='efi'><nvram>/x</nvram></os>"), null);
  assert.equal(parseNvram("<os firmware='efi'><nvram template='../x'>/x</nvram></os>"), null);
});

test("parsePflash() finds it in the command line that libvirt would use", () => {
  const known = [{ code: "/usr/share/OVMF/OVMF_CODE_4M.fd", vars: "/usr/share/OVMF/OVMF_VARS_4M.fd" }];
  const pflash = (node: number, file: string): string =>
    `-blockdev '{"driver":"file","filename":"${file}","node-name":"libvirt-pflash${node}-storage","auto-read-only":true}'`;
  const nvram = "/var/lib/libvirt/qemu/nvram/web_VARS.fd";
  const text = `/usr/bin/qemu-system-x86_64 ${pflash(0, known[0]?.code ?? "")} ${pflash(1, nvram)}`;
  assert.deepEqual(parsePflash(text, known), { template: known[0]?.vars, path: nvram });
  assert.equal(parsePflash(text, []), null);
  assert.equal(parsePflash("-machine q35", known), null);
});
