// SPDX-License-Identifier: Apache-2.0
// smartd finds no disk with SMART in a VM and fails (smartd(8): it exits with 17 if there is no device to monitor).
import { hardwareService } from "./hardware-service.ts";

export const smartd = hardwareService({
  name: "smartd",
  explains: "Disables smartd: a VM's disks have no SMART, and it would fail",
  why: "The VM's disks have no SMART; smartd would fail at each boot",
  services: /^(smartd|smartmontools)$/, // the second is Debian's
});
