// SPDX-License-Identifier: Apache-2.0
// LVM on test disks without device-mapper: it writes metadata only, and sees no device but those given.
import { run } from "../../../src/system/index.ts";

export async function lvm(devices: readonly string[], argv: readonly string[]): Promise<string> {
  const filter = [...devices.map((device) => `"a|^${device}$|"`), '"r|.*|"'].join(",");
  const config = `devices { dir="/dev" scan="/dev" obtain_device_list_from_udev=0 use_devicesfile=0 filter=[${filter}] }
    activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 } global { event_activation=0 }`;
  const [command = "", ...rest] = argv;
  return (await run(["lvm", command, "--driverloaded", "n", "--config", config, ...rest])).stdout;
}

/** Makes a volume without touching its contents. */
export const LVCREATE = ["lvcreate", "-an", "-Zn", "-Wn"] as const;
