// SPDX-License-Identifier: Apache-2.0
// mcelog reads the CPU's machine checks (mcelog(8)); those of a VM are its host's business.
import { hardwareService } from "./hardware-service.ts";

export const mcelog = hardwareService({
  name: "mcelog",
  explains: "Disables mcelog: machine checks are the host's business",
  why: "Machine checks go to the host, not to the VM; mcelog fails where the CPU reports none",
  services: /^(mcelog|mcelogd)$/,
});
