// SPDX-License-Identifier: Apache-2.0
// Packages remember on which disk or EFI system partition to install GRUB, and do so again at their next update. Only reported:
// which disk is right is asked for in the VM.
import { guestFiles, isHardwareName, makeProblem, named } from "../../../core/index.ts";
import { splitLines } from "../../text/lines.ts";
import { step } from "../step.ts";

const DEBCONF = "/var/cache/debconf/config.dat";
/** YaST's: a device or a word (`activate`, `generic_mbr`) on each line. */
const SUSE = "/etc/default/grub_installdevice";

export const installDevices = step(
  {
    name: "install-devices",
    explains: "Reports disks of the old machine on which packages of GRUB would install it again",
  },
  async ({ guest, draft }) => {
    const config = (await draft.read(DEBCONF, { severity: "notes" })) ?? "";
    for (const { question, tool } of QUESTIONS) {
      const device = installDevice(config, question);
      if (device === null) continue;
      const name = tool ?? (guest.arch === "i686" ? "grub-efi-ia32" : "grub-efi-amd64");
      draft.problem(
        makeProblem("grub-install-device", {
          about: [...named("device", device), ...named("package", name)],
          text:
            tool === null
              ? `The package ${name} remembers ${device} as the EFI system partition to install GRUB on`
              : `The package ${name} remembers ${device} as the disk to install GRUB on`,
          advice:
            tool === null
              ? `In the VM run once: dpkg-reconfigure ${name}, and choose its EFI system partition; else the next update of GRUB or shim fails`
              : `In the VM run once: dpkg-reconfigure ${name}, and choose its first disk`,
        }),
      );
    }
    const suse = (await draft.read(SUSE, { severity: "notes" })) ?? "";
    const device = splitLines(suse)
      .map((line) => line.trim())
      .find((line) => isHardwareName(line));
    if (device !== undefined)
      draft.problem(
        makeProblem("grub-install-device", {
          about: [...named("device", device), ...guestFiles(SUSE)],
          text: `${SUSE} names ${device} as the disk to install GRUB on`,
          advice: `In the VM put its first disk there (/dev/vda, see lsblk); else the next update of grub2 fails`,
        }),
      );
  },
);

/** Questions of debconf; the package of the second is named by its architecture. */
const QUESTIONS = [
  { question: "grub-pc/install_devices", tool: "grub-pc" },
  { question: "grub-efi/install_devices", tool: null },
] as const;

/** Debconf's answer to a question, where it names hardware. Pure. */
export function installDevice(config: string, question: string): string | null {
  const at = `\n${config}`.indexOf(`\nName: ${question}\n`);
  if (at === -1) return null;
  const stanza = config.slice(at, at + 2000).split("\n\n")[0] ?? "";
  const value = /^Value: (.+)$/m.exec(stanza)?.[1] ?? "";
  return value.split(/[ ,]+/).find((name) => isHardwareName(name)) ?? null;
}
