// SPDX-License-Identifier: Apache-2.0
// A login on the serial console, which every VM has: for the boot check, `virsh console`, and the day the network fails.
import type { GuestOS } from "../../../core/index.ts";
import { step, type StepContext } from "../step.ts";
import { addConsoles } from "../../text/kernel-words.ts";
import { withNewline } from "../../text/lines.ts";
import { kernelCmdline } from "../../loaders/boot-entries.ts";
import type { CommandLine } from "../../loaders/command-lines.ts";
import { ALL_FILES } from "../../loaders/list.ts";
import { editFile } from "../boot/command-lines.ts";
import { CONSOLE_VARIABLES, editVariable, grubDefaults } from "../../loaders/sources.ts";
import { editAssignments } from "../../text/shell-file.ts";

const WHY = "The VM has a serial console; the screen stays the main one, and systemd starts a login on both";

export const serialConsole = step(
  {
    name: "serial-console",
    explains: "Adds the serial console ttyS0 to the kernel's command line, with a login on it",
  },
  async (context) => {
    const { guest, intent, view, draft } = context;
    for (const kind of ALL_FILES)
      if (kind.role === "menu")
        for (const path of await kind.paths(view))
          await editFile(kind, path, { draft, why: WHY, edit: withConsoles, severity: "warns" });
    await nameInSources(context);
    const render = rendererOf(guest);
    if (render !== null)
      await draft.edit("/etc/inittab", {
        why: "A login on the VM's serial console",
        edit: (text) => render(text, { xen: intent.hypervisor === "xen" }),
      });
    if (guest.init === "upstart" && (await view.resolve("/etc/init/ttyS0.conf")) === null)
      await draft.write("/etc/init/ttyS0.conf", {
        why: "A login on the VM's serial console",
        text: UPSTART,
      });
  },
);

/** OpenRC is started by sysvinit or by busybox; null: whatever reads inittab is not known, or nothing does. */
function rendererOf({ init }: Pick<GuestOS, "init">): typeof renderInittab | null {
  if (init === "openrc")
    return (text, options) =>
      (/^::sysinit:/m.test(text) ? renderBusyboxInittab : renderInittab)(text, options);
  if (init === "sysv") return renderInittab;
  return init === "busybox" ? renderBusyboxInittab : null;
}

/** Of several lines only the last gets it; $kernelopts gets it where the variable is set. */
export function withConsoles({ text, others, last }: CommandLine): string {
  if (!last || /\$\{?kernelopts/.test(text)) return text;
  return addConsoles(others) === others && others !== "" ? text : addConsoles(text);
}

async function nameInSources({ view, draft }: StepContext): Promise<void> {
  const why = `${WHY}; so that it survives when the menu is generated again`;
  const dropIns = await grubDefaults(view);
  for (const [path, { name, words }] of Object.entries(CONSOLE_VARIABLES)) {
    const paths = path === "/etc/default/grub" ? dropIns : [path];
    let named = false;
    for (const source of paths) named ||= namesSerial((await draft.read(source)) ?? "", words);
    if (!named) await draft.edit(path, { why, edit: (text) => editVariable(text, name, addConsoles) });
  }
  for (const path of await kernelCmdline.paths(view))
    if (path === "/etc/kernel/cmdline")
      await editFile(kernelCmdline, path, { draft, why, edit: withConsoles });
}

function namesSerial(text: string, words: RegExp): boolean {
  let found = false;
  editAssignments(text, (name, value) => {
    found ||= words.test(name) && addConsoles(value) === value;
    return null;
  });
  return found;
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
    const id = ids.find((free) => !new RegExp(`^${free}:`, "m").test(out));
    if (id !== undefined) out = `${withNewline(out)}${id}:${line}\n`;
  }
  return out;
}

/** busybox's init, as in Alpine: the id is the terminal, and there are no runlevels. */
function renderBusyboxInittab(text: string, { xen }: { xen: boolean }): string {
  let out = text;
  for (const tty of xen ? ["ttyS0", "hvc0"] : ["ttyS0"])
    if (!new RegExp(`^${tty}:`, "m").test(out))
      out = `${withNewline(out)}${tty}::respawn:/sbin/getty -L 115200 ${tty} vt100\n`;
  return out;
}

const UPSTART = `# A login on the serial console of the virtual machine. Written by virt-p2v.
start on stopped rc RUNLEVEL=[2345]
stop on runlevel [!2345]
respawn
exec /sbin/getty -L ttyS0 115200 vt102
`;
