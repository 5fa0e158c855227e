// SPDX-License-Identifier: Apache-2.0
// GRUB legacy: `root=` and `resume=` in menu.lst or grub.conf. Its own names, `root (hd0,0)`, count disks as the BIOS
// does, and stay: the boot disk comes first in the VM, as it did on the machine.
import { guestFiles, makeProblem } from "../../../core/index.ts";
import { step } from "../step.ts";
import { splitLines } from "../../text/lines.ts";
import { LEGACY_MENUS } from "../../loaders/grub-legacy.ts";
import { LOADER_FILES } from "../../loaders/list.ts";
import { convertCommandLines } from "./command-lines.ts";

export const grubLegacy = step(
  {
    name: "grub-legacy",
    explains: "Names root= and resume= by UUID in the menu of GRUB legacy (menu.lst, grub.conf)",
  },
  async (context) => {
    const { draft } = context;
    await convertCommandLines(LOADER_FILES["grub-legacy"], context);
    for (const path of LEGACY_MENUS) {
      const disk = otherDisk((await draft.read(path, { severity: "notes" })) ?? "");
      if (disk === null) continue;
      draft.problem(
        makeProblem("grub-other-disk", {
          about: guestFiles(path),
          text: `${path} loads from ${disk}: GRUB legacy counts disks as the BIOS finds them, and in the VM their order may be another`,
          advice:
            "If the boot menu says that it cannot mount a partition, edit that number in the menu (key e)",
        }),
      );
      break;
    }
  },
);

/** The disk, such as `(hd1)`, of the first entry that does not load from the first disk. */
function otherDisk(text: string): string | null {
  for (const line of splitLines(text)) {
    const [, disk] =
      /^[ \t]*(?:root|rootnoverify|kernel|initrd|module)[ \t]+[^\r\n#]{0,200}?\((hd[1-9]\d{0,2})[,)]/.exec(
        line,
      ) ?? [];
    if (disk !== undefined) return `(${disk})`;
  }
  return null;
}
