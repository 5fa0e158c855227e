// SPDX-License-Identifier: Apache-2.0
// Which files make a guest report how it booted. They go into a throw-away layer, never into the image. Pure.
import type { GuestInterface, GuestOS } from "../../core/index.ts";
import { renderProbeScript } from "./probe-script.ts";

/** `path` and `linkTarget` are as the guest sees them. Owner is root. */
export type ProbeFile =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: string }
  | { readonly kind: "link"; readonly path: string; readonly linkTarget: string }
  /** One more line at the end of a file that has one like `among`; where there is none, nobody would read it. */
  | { readonly kind: "line"; readonly path: string; readonly line: string; readonly among: RegExp };

type ProbePlugin = {
  readonly init: GuestOS["init"];
  files(guest: GuestOS): readonly ProbeFile[];
};

const SCRIPT = "/etc/systemd/p2v-probe.sh";
const UNIT = "/etc/systemd/system/p2v-probe.service";

/**
 * Starts with the first units, waits for nothing, and survives the isolation of emergency.target: so a guest whose
 * units hang or fail still reports. Type=simple, because a start job of its own would keep the system "starting".
 * /bin/sh runs the script, so that neither its mode nor its SELinux label decides.
 */
const UNIT_TEXT = `[Unit]
Description=virt-p2v boot probe (throw-away copy only)
DefaultDependencies=no
IgnoreOnIsolate=yes
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=simple
ExecStart=/bin/sh ${SCRIPT}
StandardInput=null
StandardOutput=null
StandardError=null
`;

const systemd: ProbePlugin = {
  init: "systemd",
  files: (guest) => [
    scriptAt(SCRIPT, guest),
    { kind: "file", path: UNIT, mode: 0o644, content: UNIT_TEXT },
    {
      kind: "link",
      path: "/etc/systemd/system/sysinit.target.wants/p2v-probe.service",
      linkTarget: UNIT,
    },
  ],
};

const SYSV_SCRIPT = "/etc/p2v-probe.sh";

/**
 * init(8) starts what is last in inittab(5) once the scripts of the runlevel have ended: so it waits for the network alone.
 * Scripts in rc2.d and its like need not be asked: insserv and startpar start only those that their own lists have.
 */
const sysv: ProbePlugin = {
  init: "sysv",
  files: (guest) => [
    scriptAt(SYSV_SCRIPT, guest),
    {
      kind: "line",
      path: "/etc/inittab",
      line: `p2v:12345:once:/bin/sh ${SYSV_SCRIPT} </dev/null >/dev/null 2>&1`,
      among: /^[^#:\s][^:\n]{0,3}:[0-6sS]:initdefault:/m, // busybox' init has a file of that name, too
    },
  ],
};

const scriptAt = (path: string, { network }: GuestOS): ProbeFile => ({
  kind: "file",
  path,
  mode: 0o644,
  content: renderProbeScript({ wants: wantedLinks(network) }),
});

/** The inits we can put a probe into; openrc and upstart will be further entries. */
const PROBE_PLUGINS: readonly ProbePlugin[] = [systemd, sysv];

/** null: no probe for this guest's init, so its boot cannot be judged (`noProbeReason`). */
export function probeFiles(guest: GuestOS): readonly ProbeFile[] | null {
  return PROBE_PLUGINS.find(({ init }) => init === guest.init)?.files(guest) ?? null;
}

/** For Outcome `not-tried`. */
export function noProbeReason(guest: GuestOS | null): string {
  if (guest === null) return "No operating system was recognized, so nothing in it could report";
  return guest.init === "unknown"
    ? `The init system of ${guest.title} was not recognized, so nothing in it could report`
    : `There is no boot probe for the init system ${guest.init} of ${guest.title} yet`;
}

/** A name the kernel allows for an interface, and that no shell or JSON takes amiss; null for any other. */
export function interfaceWord(name: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,14}$/.test(name) ? name : null;
}

/** Links that shall have an address before the probe reports: those configured so, and what a port is part of. */
function wantedLinks(network: readonly GuestInterface[]): readonly string[] {
  const names = network.flatMap(({ name, configured }) => {
    switch (configured.kind) {
      case "none":
        return [];
      case "port":
        return [configured.of];
      case "dhcp":
      case "static":
        return [name];
    }
  });
  return [...new Set(names.map(interfaceWord).filter((name) => name !== null))].slice(0, 16);
}
