// SPDX-License-Identifier: Apache-2.0
// LILO keeps in its map, outside of every file system, where the kernel lies and which device is the root: by numbers that the
// VM's disks do not have. Only its own program writes that map.
import { guestFiles, isHardwareName, makeProblem, named } from "../../../core/index.ts";
import { splitLines } from "../../text/lines.ts";
import { step } from "../step.ts";

const PATH = "/etc/lilo.conf";

export const lilo = step(
  {
    name: "lilo",
    explains: "Reports LILO, whose map on the disk holds devices of the old machine",
  },
  async ({ guest, draft }) => {
    // Beside a menu of another loader its file is a remnant.
    if (guest.loader !== "generic") return;
    const text = await draft.read(PATH, { severity: "notes" });
    if (text === null || !/^[ \t]*image[ \t]*=/m.test(text)) return;
    const devices = [...new Set(splitLines(text).flatMap(deviceIn))];
    draft.problem(
      makeProblem("loader-lilo", {
        about: [...guestFiles(PATH), ...named("device", ...devices)],
        text: `The guest boots by LILO, whose map on the disk names devices of the old machine${devices.length === 0 ? "" : ` (${devices.slice(0, 4).join(", ")})`}: the VM may not find its root`,
        advice:
          "Install GRUB on the machine before, with root= by UUID; or start the VM once from a rescue CD, name its disks in /etc/lilo.conf and run lilo there",
      }),
    );
  },
);

function deviceIn(line: string): readonly string[] {
  const [, value = ""] =
    /^[ \t]*(?:boot|root|other|append)[ \t]*=[ \t]*"?(?:.*\broot=)?([^"\s]+)/.exec(line.slice(0, 1000)) ?? [];
  return isHardwareName(value) ? [value] : [];
}
