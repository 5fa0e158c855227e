// SPDX-License-Identifier: Apache-2.0
// What raises a card that no file names: programs that take whichever card is there.
import type { GuestView } from "../../../../core/index.ts";
import { parseIni, iniValues, readFiles, readSmall } from "../source.ts";
import { isStarted } from "./started.ts";

/** What does it and how, as a sentence says it; null: none that is known here. */
export async function readAutomatic(view: GuestView): Promise<string | null> {
  if ((await isStarted(view, "NetworkManager")) && !(await isHeldBack(view)))
    return "NetworkManager asks by DHCP on each card without a profile (its automatic connection)";
  if (await isStarted(view, "dhcpcd")) return "dhcpcd asks by DHCP on each card";
  if (await isFirstCloudInit(view))
    return "cloud-init writes DHCP on the first card where no source tells more";
  for (const tool of ["connman", "netctl", "netctl-auto", "wicd", "wicked", "NetworkManager"])
    if (await isStarted(view, tool)) return `${tool} is started, whose settings are not read here`;
  return null;
}

const CONFIGURED = [
  "/usr/lib/NetworkManager/conf.d",
  "/run/NetworkManager/conf.d",
  "/etc/NetworkManager/conf.d",
];

/** NetworkManager.conf(5), `no-auto-default`: for all cards, as RHEL's servers have it. */
async function isHeldBack(view: GuestView): Promise<boolean> {
  const texts = [(await readSmall(view, "/etc/NetworkManager/NetworkManager.conf")) ?? ""];
  for (const directory of CONFIGURED)
    texts.push(...(await readFiles(view, directory, /\.conf$/)).map(({ text }) => text));
  return texts.some((text) =>
    iniValues(parseIni(text), "main", "no-auto-default").some((value) =>
      /(?:^|[,;\s])\*(?:$|[,;\s])/.test(value),
    ),
  );
}

async function isFirstCloudInit(view: GuestView): Promise<boolean> {
  if ((await view.resolve("/etc/cloud/cloud-init.disabled")) !== null) return false;
  return (await isStarted(view, "cloud-init")) || (await isStarted(view, "cloud-init-local"));
}
