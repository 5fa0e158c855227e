// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseKernelConfig, parseLockdown, parseMemory, type CutoverFacts } from "./facts.ts";
import { judgeCutover } from "./judge.ts";

const MIB = 2 ** 20;
const GOOD: CutoverFacts = {
  arch: "x86_64",
  isContainer: false,
  kernel: { release: "6.1.0-40-amd64", hasKexec: true, isDisabled: false, lockdown: null, secureBoot: false },
  init: { kind: "systemd", jumpsAlone: false },
  kexec: { path: "/sbin/kexec", isInstalled: true },
  memory: { totalBytes: 8192 * MIB, availableBytes: 4096 * MIB },
  live: { version: "1.0.0", sizeBytes: 300 * MIB },
  version: "1.0.0",
  network: { setup: { links: [], dns: [], search: [] }, left: [], blocked: null },
};
const codes = (more: Partial<CutoverFacts>): readonly string[] =>
  judgeCutover({ ...GOOD, ...more }).map(({ code }) => code);
const kernel = (more: Partial<CutoverFacts["kernel"]>): Partial<CutoverFacts> => ({
  kernel: { ...GOOD.kernel, ...more },
});

test("a server that has all it needs is let through without a word", () => {
  assert.deepEqual(codes({}), []);
});

test("each thing that stands in the way has its code", () => {
  assert.deepEqual(codes({ arch: "arm64" }), ["cutover-arch"]);
  assert.deepEqual(codes({ isContainer: true }), ["cutover-container"]);
  assert.deepEqual(codes(kernel({ hasKexec: false })), ["kexec-not-built"]);
  assert.deepEqual(codes(kernel({ isDisabled: true })), ["kexec-disabled"]);
  assert.deepEqual(codes(kernel({ lockdown: "integrity" })), ["kexec-locked"]);
  assert.deepEqual(codes(kernel({ secureBoot: true, lockdown: "integrity" })), ["kexec-locked"]);
  assert.deepEqual(codes({ kexec: null }), ["kexec-program-missing"]);
  assert.deepEqual(codes({ live: { ...GOOD.live, version: "0.9.0" } }), ["live-parts-version"]);
  assert.deepEqual(codes({ live: { ...GOOD.live, version: null } }), ["live-parts-version"]);
  assert.deepEqual(codes({ network: null }), ["cutover-to-wrong"]);
  assert.deepEqual(codes({ init: { kind: "other", name: "runit" } }), ["cutover-init"]);
});

test("where the kernel's configuration is not told it is tried, and that is said", () => {
  const [problem] = judgeCutover({ ...GOOD, ...kernel({ hasKexec: null }) });
  assert.equal(problem?.code, "kexec-not-told");
  assert.equal(problem.severity, "warns");
});

test("a kexec that was brought along is enough where systemd jumps without one, or the scripts of kexec-tools are there", () => {
  const kexec = { path: "/root/.cache/kexec", isInstalled: false };
  assert.deepEqual(codes({ kexec, init: { kind: "systemd", jumpsAlone: true } }), []);
  assert.deepEqual(codes({ kexec, init: { kind: "systemd", jumpsAlone: false } }), ["kexec-program-missing"]);
  assert.deepEqual(codes({ init: { kind: "sysv", jumps: true } }), []);
  assert.deepEqual(codes({ init: { kind: "sysv", jumps: false } }), ["cutover-init"]);
});

test("a link that the way does not need is told, and stops nothing", () => {
  const left = [{ name: "wg0", why: "wg0 is of the kind wireguard" }];
  const [problem] = judgeCutover({
    ...GOOD,
    network: { setup: { links: [], dns: [], search: [] }, left, blocked: null },
  });
  assert.deepEqual([problem?.code, problem?.severity], ["cutover-network-part", "notes"]);
  assert.deepEqual(
    codes({
      network: { setup: { links: [], dns: [], search: [] }, left, blocked: "wg0 is of the kind wireguard" },
    }),
    ["cutover-network"],
  );
});

test("law: memory is refused below the live system and 1 GiB, and below three times the live system, and not above", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 0, max: 16_000 }), (size, free) => {
      const memory = { totalBytes: 32_768 * MIB, availableBytes: free * MIB };
      const found = codes({ memory, live: { version: "1.0.0", sizeBytes: size * MIB } });
      assert.equal(found.includes("cutover-memory"), free < Math.max(size + 1024, 3 * size));
    }),
  );
  assert.deepEqual(codes({ memory: { totalBytes: 1024 * MIB, availableBytes: 4096 * MIB } }), [
    "cutover-memory",
  ]);
});

test("all findings are said at once", () => {
  const all = codes({
    ...kernel({ hasKexec: false, isDisabled: true, secureBoot: true }),
    kexec: null,
    network: null,
  });
  assert.deepEqual(all, [
    "kexec-not-built",
    "kexec-disabled",
    "kexec-locked",
    "kexec-program-missing",
    "cutover-to-wrong",
  ]);
});

test("what the kernel's files say", () => {
  assert.equal(parseKernelConfig("CONFIG_SMP=y\nCONFIG_KEXEC=y\n"), true);
  assert.equal(parseKernelConfig("CONFIG_SMP=y\n# CONFIG_KEXEC is not set\n"), false);
  assert.equal(parseKernelConfig("CONFIG_SMP=y\nCONFIG_KEXEC_FILE=y\n"), false);
  assert.equal(parseKernelConfig(""), null);
  assert.equal(parseLockdown("none [integrity] confidentiality\n"), "integrity");
  assert.equal(parseLockdown("[none] integrity confidentiality\n"), null);
  assert.equal(parseLockdown(""), null);
  assert.deepEqual(parseMemory("MemTotal:        2048 kB\nMemFree:  100 kB\nMemAvailable:    1024 kB\n"), {
    totalBytes: 2 * MIB,
    availableBytes: MIB,
  });
  assert.equal(
    parseMemory("MemTotal: 2048 kB\nMemFree: 100 kB\nCached: 200 kB\n").availableBytes,
    300 * 1024,
  );
});
