// SPDX-License-Identifier: Apache-2.0
// Secure Boot as a server's own /sys and /proc show it, and what a cutover says of it.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporary } from "../../../../tests/support/temporary.ts";
import { inspectMachine } from "../../../inspect/index.ts";
import type { KernelFacts } from "./facts.ts";
import { readKernelFacts } from "./kernel-facts.ts";

const { signal } = new AbortController();
type Tree = Readonly<Record<string, string | Uint8Array>>;

/** struct boot_params (Documentation/arch/x86/zero-page.rst). */
const zeroPage = (secureBoot: number): Uint8Array => {
  const page = new Uint8Array(4096);
  page[0x1ec] = secureBoot;
  return page;
};
const GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const CPU: Tree = { "/proc/cpuinfo": "processor : 0\nflags : fpu lm\n" };
const UEFI: Tree = { ...CPU, "/sys/firmware/efi/fw_platform_size": "64\n" };
const variable = (on: 0 | 1): Tree => ({
  [`/sys/firmware/efi/efivars/SecureBoot-${GLOBAL}`]: Uint8Array.from([6, 0, 0, 0, on]),
});
const zero = (secureBoot: number): Tree => ({ "/sys/kernel/boot_params/data": zeroPage(secureBoot) });

async function read(t: TestContext, files: Tree): Promise<KernelFacts> {
  const root = await temporary(t);
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return await readKernelFacts(await inspectMachine({ sysroot: root, signal }), root);
}

test("Secure Boot is seen by its variable, and lockdown by the kernel's file", async (t) => {
  const lockdown = { "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n" };
  const locked = await read(t, { ...UEFI, ...variable(1), ...lockdown });
  assert.deepEqual([locked.secureBoot, locked.lockdown], [true, "integrity"]);
  const open = await read(t, { ...UEFI, ...variable(0), ...zero(2) });
  assert.deepEqual([open.secureBoot, open.lockdown], [false, null]);
});

test("where neither efivarfs nor securityfs is mounted it is seen all the same: the kernel was told at its start", async (t) => {
  assert.equal((await read(t, { ...UEFI, ...zero(3) })).secureBoot, true);
  for (const mode of [0, 1, 2]) assert.equal((await read(t, { ...UEFI, ...zero(mode) })).secureBoot, false);
});

test("on a BIOS, and where a kernel is too old to tell, nothing is made up", async (t) => {
  assert.equal((await read(t, { ...CPU, ...zero(0) })).secureBoot, false);
  assert.equal((await read(t, UEFI)).secureBoot, false);
  const short = { "/sys/kernel/boot_params/data": new Uint8Array(0x1ec) };
  assert.equal((await read(t, { ...UEFI, ...short })).secureBoot, false);
});
