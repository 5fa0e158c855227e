// SPDX-License-Identifier: Apache-2.0
// Firmware that the kernel asked for in vain, by device: such a card has a driver, and may not work all the same.
import type { Machine } from "../../core/index.ts";
import { run } from "../../system/index.ts";

export type MissingFirmware = {
  readonly driver: string;
  /** PCI address or another name of the device: `0000:3b:00.0`. */
  readonly device: string;
  readonly file: string;
};

/** Linux drivers/base/firmware_loader/main.c: `bnx2 0000:02:00.0: firmware: failed to load FILE (-2)` is Debian's own wording. */
const LINES: readonly RegExp[] = [
  /([\w-]+) ([\w:.-]+): Direct firmware load for (\S{1,200}) failed with error -\d+/,
  /([\w-]+) ([\w:.-]+): firmware: failed to load (\S{1,200}) \(-\d+\)/,
];
const MAX_LINES = 200;

/** Of the kernel's log; each file of a device once. Pure. */
export function parseMissingFirmware(log: string): readonly MissingFirmware[] {
  const found = new Map<string, MissingFirmware>();
  for (const line of log.split("\n")) {
    for (const pattern of LINES) {
      const [, driver = "", device = "", file = ""] = pattern.exec(line) ?? [];
      if (file !== "" && found.size < MAX_LINES) found.set(`${device} ${file}`, { driver, device, file });
    }
  }
  return [...found.values()];
}

/**
 * What a migration needs: controllers of disks, and network cards. A card that is not there yet for want of its firmware is
 * still a controller on PCI. All else (rules of radio, graphics, sound) is no concern of an administrator here. Pure.
 */
export function neededFirmware(
  missing: readonly MissingFirmware[],
  { controllers, nics }: Pick<Machine, "controllers" | "nics">,
): readonly MissingFirmware[] {
  const needed = new Set([...controllers.map(({ address }) => address), ...nics.map(({ bus }) => bus)]);
  return missing.filter(({ device }) => needed.has(device));
}

export async function readMissingFirmware(
  machine: Pick<Machine, "controllers" | "nics">,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly MissingFirmware[]> {
  const { stdout } = await run(["dmesg"], { signal, allowCodes: [1] });
  return neededFirmware(parseMissingFirmware(stdout), machine);
}
