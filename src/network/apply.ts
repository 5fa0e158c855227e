// SPDX-License-Identifier: Apache-2.0
// Gives a setup to systemd-networkd, and waits until its addresses are there. Only on the live CD.
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NetworkSetup, Nic } from "../core/index.ts";
import { replaceFile, run } from "../system/index.ts";
import { placeLinks } from "./place.ts";
import { FILE_PREFIX, renderNetworkd } from "./render.ts";
import { isUp, readAddresses } from "./state.ts";

const DIRECTORY = "/run/systemd/network";

/** DHCP may take as long as its server; a bond its partner. */
const WAIT_MS = 30_000;

type Call = { readonly nics: readonly Nic[]; readonly signal: AbortSignal };

/** null: DHCP and router advertisements on every port, as at boot. Ends when all is up, or after 30 s. */
export async function applyNetwork(setup: NetworkSetup | null, { nics, signal }: Call): Promise<void> {
  const files = setup === null ? [] : renderNetworkd(placeLinks(setup, nics), setup);
  await mkdir(DIRECTORY, { recursive: true });
  for (const name of (await readdir(DIRECTORY)).filter((one) => one.startsWith(FILE_PREFIX))) {
    await rm(join(DIRECTORY, name), { force: true });
    if (name.endsWith(".netdev"))
      await removeDevice(name.slice(FILE_PREFIX.length, -".netdev".length), signal);
  }
  for (const { name, text } of files) await replaceFile(join(DIRECTORY, name), text, { mode: 0o644 });
  await run(["systemctl", "restart", "systemd-networkd.service"], { signal });
  for (
    const end = performance.now() + WAIT_MS;
    performance.now() < end;
    await sleep(500, undefined, { signal })
  )
    if (isUp(await readAddresses(signal), setup)) return;
}

/** What the setup before made. One that is gone already is fine. */
async function removeDevice(name: string, signal: AbortSignal): Promise<void> {
  await run(["ip", "link", "delete", "dev", name], { signal, allowCodes: [1, 2] });
}
