// SPDX-License-Identifier: Apache-2.0
// lm-sensors loads drivers of this mainboard's sensors (RHEL: /etc/sysconfig/lm_sensors), which a VM does not have.
import { hardwareService } from "./hardware-service.ts";

export const lmSensors = hardwareService({
  name: "lm-sensors",
  explains: "Disables lm-sensors and fancontrol: a VM has no sensors",
  why: "The VM has no sensors and no fans; the service would fail at each boot",
  services: /^(lm[-_]sensors|sensord|fancontrol)$/,
});
