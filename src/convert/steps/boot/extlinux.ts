// SPDX-License-Identifier: Apache-2.0
// extlinux and syslinux: `root=` and `resume=` in APPEND lines, and in what update-extlinux writes them from.
import { step } from "../step.ts";
import { LOADER_FILES } from "../../loaders/list.ts";
import { convertCommandLines } from "./command-lines.ts";

export const extlinux = step(
  {
    name: "extlinux",
    explains:
      "Names devices of the command line by UUID, or takes them out, in the menus of extlinux and syslinux",
  },
  async (context) => {
    await convertCommandLines(LOADER_FILES.extlinux, context);
  },
);
