// SPDX-License-Identifier: Apache-2.0
// Boot entries of systemd-boot, and of GRUB where it reads the same: `root=` and `resume=` in each, and in the words
// from which kernel-install and dracut make new ones. loader.conf names no device, and stays. Menus of rEFInd and Limine.
import { step } from "../step.ts";
import { LOADER_FILES } from "../../loaders/list.ts";
import { convertCommandLines } from "./command-lines.ts";

export const bootEntries = step(
  {
    name: "boot-entries",
    explains:
      "Names devices of the command line by UUID in boot entries (loader/entries/*.conf), /etc/kernel/cmdline, rEFInd and Limine",
  },
  async (context) => {
    await convertCommandLines(LOADER_FILES["boot-entries"], context);
  },
);
