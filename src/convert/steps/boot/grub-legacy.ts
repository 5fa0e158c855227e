// SPDX-License-Identifier: Apache-2.0
// GRUB legacy: words of kernels in menu.lst or grub.conf. Its own names, `root (hd0,0)`, are the step grub-disks'.
import { step } from "../step.ts";
import { LOADER_FILES } from "../../loaders/list.ts";
import { convertCommandLines } from "./command-lines.ts";

export const grubLegacy = step(
  {
    name: "grub-legacy",
    explains:
      "Names devices of the command line by UUID, or takes them out, in the menu of GRUB legacy (menu.lst, grub.conf)",
  },
  async (context) => {
    await convertCommandLines(LOADER_FILES["grub-legacy"], context);
  },
);
