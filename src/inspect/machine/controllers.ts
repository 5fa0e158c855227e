// SPDX-License-Identifier: Apache-2.0
// Storage and network controllers on PCI, with the driver that claims each. One without a driver hides its disks.
import type { Controller } from "../../core/index.ts";
import type { Sysroot } from "./sysroot.ts";
import { parseName } from "./text.ts";

const DEVICES = "/sys/bus/pci/devices";
const MAX_DEVICES = 4096;

/** Base classes of the PCI Code and ID Assignment Specification: 01 mass storage, 02 network. */
const KINDS: Readonly<Record<string, Controller["kind"]>> = { "01": "storage", "02": "network" };

export async function readControllers(sysroot: Sysroot): Promise<readonly Controller[]> {
  const controllers: Controller[] = [];
  for (const address of ((await sysroot.list(DEVICES)) ?? []).slice(0, MAX_DEVICES)) {
    const at = `${DEVICES}/${address}`;
    const kind = parseKind(await sysroot.text(`${at}/class`));
    if (kind === null || !/^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(address)) continue;
    const driver = await sysroot.find(`${at}/driver`);
    const [vendor, device] = [
      parseId(await sysroot.text(`${at}/vendor`)),
      parseId(await sysroot.text(`${at}/device`)),
    ];
    controllers.push({
      kind,
      address,
      id: `${vendor ?? "?"}:${device ?? "?"}`,
      driver: driver === null ? null : parseName(driver.slice(driver.lastIndexOf("/") + 1)),
    });
  }
  return controllers;
}

/** `0x010601`: base class, sub-class, programming interface. null: another class. */
export function parseKind(text: string | null): Controller["kind"] | null {
  return KINDS[/^0x([0-9a-f]{2})[0-9a-f]{4}$/.exec(text?.trim() ?? "")?.[1] ?? ""] ?? null;
}

function parseId(text: string | null): string | null {
  return /^0x([0-9a-f]{4})$/.exec(text?.trim() ?? "")?.[1] ?? null;
}
