// SPDX-License-Identifier: Apache-2.0
// What starts at boot under each init, and how a service is disabled: as `systemctl disable`, `chkconfig NAME off`,
// `update-rc.d NAME disable` and `rc-update del` do. The service's own files stay, so that a person can enable it again.
import type { GuestView } from "../../../core/index.ts";
import { changeableState } from "../../../system/index.ts";
import type { Draft } from "../draft.ts";

/** A link that starts a service. */
export type Start = {
  /** Without `.service` and without the number of System V. */
  readonly service: string;
  readonly path: string;
  readonly target: string;
  /** For a link of System V: the one that stops the service instead. */
  readonly stopPath: string | null;
};

/** systemd.unit(5); what /usr/lib starts by itself is the distribution's choice and stays. */
const UNITS = "/etc/systemd/system";
/** Red Hat's, Debian's and SUSE's places; on most systems one is a link to the other. */
const RUNLEVELS = [2, 3, 4, 5].flatMap((level) => [
  `/etc/rc.d/rc${level}.d`,
  `/etc/rc${level}.d`,
  `/etc/init.d/rc${level}.d`,
]);

async function findStarts(view: GuestView, wanted: (service: string) => boolean): Promise<readonly Start[]> {
  const out = new Map<string, Start>();
  const add = async (
    directory: string,
    name: string,
    service: string,
    stop: string | null,
  ): Promise<void> => {
    if (!wanted(service)) return;
    const path = `${directory}/${name}`;
    const state = await changeableState(view, path);
    if (state?.kind !== "link" || out.has(path)) return;
    out.set(path, { service, path, target: state.target, stopPath: stop && `${directory}/${stop}` });
  };
  for (const target of await view.list(UNITS))
    if (/\.(wants|requires)$/.test(target))
      for (const name of await view.list(`${UNITS}/${target}`))
        if (name.endsWith(".service"))
          await add(`${UNITS}/${target}`, name, name.slice(0, -".service".length), null);
  for (const level of RUNLEVELS) {
    const directory = await view.resolve(level);
    if (directory === null) continue;
    for (const name of await view.list(directory)) {
      const [, order = "", service = ""] = /^S(\d\d)(.+)$/.exec(name) ?? [];
      // chkconfig(8) and insserv: what starts as S15 stops as K85.
      const stop = `K${String((100 - Number(order)) % 100).padStart(2, "0")}${service}`;
      if (service !== "") await add(directory, name, service, stop);
    }
  }
  for (const level of await view.list("/etc/runlevels"))
    for (const name of await view.list(`/etc/runlevels/${level}`))
      await add(`/etc/runlevels/${level}`, name, name, null);
  return [...out.values()];
}

/** Upstart's jobs, `/etc/init/NAME.conf`, are not started by links: init(5), "Override file handling". */
async function findJobs(view: GuestView, wanted: (service: string) => boolean): Promise<readonly string[]> {
  const names = await view.list("/etc/init");
  return names.flatMap((name) => {
    const service = /^(.+)\.conf$/.exec(name)?.[1];
    return service !== undefined && wanted(service) ? [service] : [];
  });
}

/** Disables all services that `wanted` accepts; returns their names. */
export async function disableServices(
  draft: Draft,
  view: GuestView,
  { wanted, why }: { wanted: (service: string) => boolean; why: string },
): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const { service, path, target, stopPath } of await findStarts(view, wanted)) {
    names.add(service);
    await draft.unlink(path, { why });
    if (stopPath !== null && (await changeableState(view, stopPath))?.kind === "absent")
      await draft.link(stopPath, { target, why });
  }
  for (const service of await findJobs(view, wanted)) {
    const path = `/etc/init/${service}.override`;
    const text = (await draft.read(path)) ?? "";
    if (/^[ \t]*manual[ \t]*$/m.test(text)) continue;
    names.add(service);
    await draft.write(path, { why, text: `${text}manual\n` });
  }
  return [...names];
}
