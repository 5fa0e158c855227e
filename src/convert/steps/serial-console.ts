// SPDX-License-Identifier: Apache-2.0
// A login on the serial console, which every VM has: for the boot check, `virsh console`, and the day the network fails.
import type { ConversionStep } from "../../core/index.ts";
import { Draft } from "../draft.ts";
import { editLinuxLines } from "../grub-cfg.ts";
import { addConsoles } from "../kernel-words.ts";
import { withNewline } from "../lines.ts";
import { editAssignments } from "../shell-file.ts";
import { defaultFiles, GRUB_MENUS } from "./grub.ts";

const WHY = "The VM has a serial console; the screen stays the main one, and systemd starts a login on both";

export const serialConsole: ConversionStep = {
  name: "serial-console",
  explains: "Adds the serial console ttyS0 to the kernel's command line, and a login on it",
  async propose(context) {
    const draft = new Draft("serial-console", context);
    const { guest, intent } = context;
    for (const path of GRUB_MENUS)
      await draft.edit(path, {
        why: WHY,
        edit: (text) => editLinuxLines(text, ({ line }) => addConsoles(line)),
      });
    let named = false;
    for (const path of await defaultFiles(context.view))
      named ||= namesSerial((await draft.read(path)) ?? "");
    if (!named)
      await draft.edit("/etc/default/grub", {
        why: `${WHY}; so it stays when update-grub runs`,
        edit: renderDefault,
      });
    if (guest.init === "sysv")
      await draft.edit("/etc/inittab", {
        why: "A login on the VM's serial console",
        edit: (text) => renderInittab(text, { xen: intent.hypervisor === "xen" }),
      });
    if (guest.init === "upstart" && (await context.view.resolve("/etc/init/ttyS0.conf")) === null)
      await draft.write("/etc/init/ttyS0.conf", {
        why: "A login on the VM's serial console",
        text: UPSTART,
      });
    return draft.proposal();
  },
};

function namesSerial(text: string): boolean {
  let found = false;
  editAssignments(text, (name, value) => {
    found ||= name.startsWith("GRUB_CMDLINE_LINUX") && addConsoles(value) === value;
    return null;
  });
  return found;
}

/** The last assignment to GRUB_CMDLINE_LINUX counts; one is added where there is none. */
export function renderDefault(text: string): string {
  let count = 0;
  editAssignments(text, (name) => {
    if (name === "GRUB_CMDLINE_LINUX") count += 1;
    return null;
  });
  if (count === 0) return `${withNewline(text)}GRUB_CMDLINE_LINUX="${addConsoles("")}"\n`;
  let seen = 0;
  return editAssignments(text, (name, value) => {
    if (name !== "GRUB_CMDLINE_LINUX") return null;
    seen += 1;
    return seen === count ? addConsoles(value) : null;
  });
}

/** inittab(5): id, runlevels, action, process. An id has 4 characters at most and must be unique. */
export function renderInittab(text: string, { xen }: { xen: boolean }): string {
  let out = text;
  const wanted = [
    { tty: "ttyS0", line: "2345:respawn:/sbin/getty -L ttyS0 115200 vt100", ids: ["T0", "p2vS"] },
  ];
  if (xen)
    wanted.push({ tty: "hvc0", line: "2345:respawn:/sbin/getty -L hvc0 115200 vt100", ids: ["H0", "p2vH"] });
  for (const { tty, line, ids } of wanted) {
    if (new RegExp(`^[^#\\n]*\\b${tty}\\b`, "m").test(out)) continue;
    const id = ids.find((one) => !new RegExp(`^${one}:`, "m").test(out));
    if (id !== undefined) out = `${withNewline(out)}${id}:${line}\n`;
  }
  return out;
}

const UPSTART = `# A login on the serial console of the virtual machine. Written by virt-p2v.
start on stopped rc RUNLEVEL=[2345]
stop on runlevel [!2345]
respawn
exec /sbin/getty -L ttyS0 115200 vt102
`;
