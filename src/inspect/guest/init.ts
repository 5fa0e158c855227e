// SPDX-License-Identifier: Apache-2.0
// What starts the system: told by what /sbin/init leads to, and by the form of inittab where several programs read one.
import type { GuestOS, GuestView } from "../../core/index.ts";

/** An inittab of more is none that a person wrote. */
const MAX_INITTAB = 64 * 1024;

/** `unknown` where nothing proves one: its files have a form that we do not know (runit, s6, dinit, finit ...). */
export async function readInit(view: GuestView): Promise<GuestOS["init"]> {
  const program = await view.resolve("/sbin/init");
  const name = program === null ? null : program.slice(program.lastIndexOf("/") + 1);
  if (name === "systemd") return "systemd";
  const isThere = async (path: string): Promise<boolean> => (await view.resolve(path)) !== null;
  if ((await isThere("/sbin/openrc-init")) || (await isThere("/sbin/openrc"))) return "openrc";
  if (name !== null && (await isThere("/sbin/initctl"))) {
    const jobs = await view.list("/etc/init").catch(() => []);
    if (jobs.length > 0 || (await view.list("/etc/event.d").catch(() => [])).length > 0) return "upstart";
  }
  if (name !== null && /^busybox\b/.test(name)) return "busybox";
  // Others come under a name of their own, to which /sbin/init is a link: an inittab beside them is a remnant.
  if (name !== null && !SYSV_NAME.test(name)) return "unknown";
  return initOfInittab(await readInittab(view));
}

const SYSV_NAME = /^(?:init|sysvinit|init[.-]sysv\w*)$/;

async function readInittab(view: GuestView): Promise<string> {
  try {
    return (await view.readText("/etc/inittab", { maxBytes: MAX_INITTAB })) ?? "";
  } catch (error) {
    if (error instanceof RangeError) return "";
    throw error;
  }
}

/**
 * Without initdefault sysvinit asks at the console for a runlevel (inittab(5)); busybox has no runlevels, takes the id for
 * a terminal, and knows no such word (its examples/inittab). Pure.
 */
export function initOfInittab(text: string): "sysv" | "busybox" | "unknown" {
  if (/^[ \t]*[^#:\s][^:\n]{0,8}:[0-9sS]*:initdefault:/m.test(text)) return "sysv";
  return /^[^#:\s]{0,16}::(?:sysinit|askfirst):/m.test(text) ? "busybox" : "unknown";
}
