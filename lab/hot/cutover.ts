// SPDX-License-Identifier: Apache-2.0
// A busy server's cutover in QEMU: the live system's parts are put into its memory, and its console is followed after the jump.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { writePxeTree } from "../../src/iso/index.ts";
import { liveIso } from "../live-iso.ts";
import { type Ground, PORTABLE } from "./ground.ts";
import type { Machine } from "./machine.ts";

const PXE = "/dev/shm/p2v";
export const NAME = "kiosk";

/** The live system of this clone into the server's memory: on its disk it would be copied ahead. */
export async function bringLiveSystem(
  server: Machine,
  { onProgress, signal }: { onProgress: (text: string) => void; signal: AbortSignal },
): Promise<void> {
  const iso = await liveIso(signal);
  const directory = await mkdtemp("/var/tmp/p2v-hot-live-");
  try {
    const out = join(directory, "pxe");
    await writePxeTree({ iso, out, http: null, say: () => undefined, signal });
    await server.ssh(["mkdir", "-p", PXE]);
    onProgress("the live system is copied into its memory");
    await server.put(
      ["vmlinuz", "initrd.img", "pxelinux.cfg", "version"].map((name) => join(out, name)),
      `${PXE}/`,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

type Source = Pick<Ground, "to">;

const what = ({ to }: Source): readonly string[] => ["--disk", "/dev/sda", "--to", to, "--name", NAME];

export const copyLiveWords = (source: Source): readonly string[] =>
  PORTABLE.concat("copy", "--live", what(source));

/** The one that the host knows (ground.ts). */
const KEY = "/root/.ssh/id_ed25519";
const how = (identity: string): readonly string[] => ["--identity", identity, "--post", "poweroff", "--yes"];

/** Of this machine nothing is made a VM, whatever is installed. */
export const cutoverWords = (source: Source, { identity = KEY } = {}): readonly string[] =>
  PORTABLE.concat("cutover", "--pxe", PXE, what(source), how(identity), "--hypervisor", "qemu");

/** To a host that defines it. */
export const cutoverAndStartWords = (source: Source): readonly string[] =>
  PORTABLE.concat("cutover", "--pxe", PXE, what(source), how(KEY), "--hypervisor", "libvirt", "--start");

/** How the live system ends its job; its console before that, line by line, to `onLine`. */
export async function followConsole(
  server: Machine,
  until: RegExp,
  { timeoutMs, onLine }: { timeoutMs: number; onLine: (line: string) => void },
): Promise<void> {
  const { length: from } = await server.console();
  let shown = 0;
  const show = async (): Promise<void> => {
    const lines = (await server.console()).slice(from).split("\n");
    for (const line of lines.slice(shown, -1)) onLine(line);
    shown = Math.max(shown, lines.length - 1);
  };
  const timer = setInterval(() => void show().catch(() => undefined), 500);
  try {
    await server.see(until, { timeoutMs, from });
  } finally {
    clearInterval(timer);
    await show();
  }
}
