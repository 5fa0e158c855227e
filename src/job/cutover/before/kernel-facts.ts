// SPDX-License-Identifier: Apache-2.0
// Whether this server's kernel starts another one, as its files below /sys, /proc and /boot tell.
import { release } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Machine } from "../../../core/index.ts";
import { readBounded } from "../../../system/index.ts";
import { type KernelFacts, parseKernelConfig, parseLockdown, parseStartedSecurely } from "./facts.ts";
import { readText } from "./text.ts";

/** `root`: a recorded server's. */
export async function readKernelFacts({ firmware }: Machine, root = "/"): Promise<KernelFacts> {
  const text = (path: string): Promise<string | null> => readText(join(root, path));
  const told = firmware.kind === "known" && firmware.value.kind === "uefi" && firmware.value.secureBoot;
  return {
    release: release(),
    hasKexec: await readKernelConfig(root),
    isDisabled: (await text("/proc/sys/kernel/kexec_load_disabled"))?.trim() === "1",
    lockdown: parseLockdown((await text("/sys/kernel/security/lockdown")) ?? ""),
    // efivarfs and securityfs are there when somebody mounted them; this file is of sysfs itself.
    secureBoot: told || parseStartedSecurely(await readZeroPage(root)),
  };
}

const readZeroPage = (root: string): Promise<Uint8Array | null> =>
  readBounded(join(root, "/sys/kernel/boot_params/data"), { maxBytes: 2 ** 16 }).catch(() => null);

const MAX_CONFIG_BYTES = 4 * 2 ** 20;

async function readKernelConfig(root: string): Promise<boolean | null> {
  const packed = await readBounded(join(root, "/proc/config.gz"), { maxBytes: MAX_CONFIG_BYTES });
  if (packed !== null)
    return parseKernelConfig(
      (await promisify(gunzip)(packed, { maxOutputLength: MAX_CONFIG_BYTES })).toString("latin1"),
    );
  for (const path of [`/boot/config-${release()}`, `/lib/modules/${release()}/config`]) {
    const found = await readText(join(root, path), MAX_CONFIG_BYTES);
    if (found !== null) return parseKernelConfig(found);
  }
  return null;
}
