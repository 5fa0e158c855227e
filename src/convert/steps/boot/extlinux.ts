// SPDX-License-Identifier: Apache-2.0
// extlinux and syslinux: `root=` and `resume=` in APPEND lines, and in what update-extlinux writes them from.
import type { ConversionStep } from "../../../core/index.ts";
import { Draft } from "../draft.ts";
import { LOADER_FILES } from "../../loaders/list.ts";
import { nameDevices } from "../../loaders/name-devices.ts";

export const extlinux: ConversionStep = {
  name: "extlinux",
  explains: "Names root= and resume= by UUID in the menus of extlinux and syslinux",
  async propose(context) {
    const draft = new Draft("extlinux", context);
    await nameDevices(LOADER_FILES.extlinux, draft, context);
    return draft.proposal();
  },
};
