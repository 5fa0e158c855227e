// SPDX-License-Identifier: Apache-2.0
// The boot check by libvirt: a transient domain, whose console libvirt writes to a file of ours.
import { randomUUID } from "node:crypto";
import type { LibvirtFacts } from "../../core/index.ts";
import type { CheckRun } from "./attempt.ts";
import { renderCheckDomain } from "./domain.ts";
import { followFile, makeTops } from "./files.ts";
import type { QemuLaunch } from "./qemu.ts";
import { askAgain } from "./poll.ts";
import type { Watch } from "./watch.ts";
import { actOn, type Ended, complaint, tryOn, virshArgv } from "../host-command.ts";
import { isPng, parsePpm, renderPng } from "./png.ts";

export type LibvirtLaunch = Omit<QemuLaunch, "tools"> & {
  readonly libvirt: LibvirtFacts;
  readonly qemuImg: string;
};

const NEVER = new AbortController().signal;
const MAX_PICTURE_BYTES = 256 * 2 ** 20;

export async function launchLibvirt(options: LibvirtLaunch, watch: Watch): Promise<CheckRun> {
  const { host, vm, libvirt, directory, signal } = options;
  const serialFile = `${directory}/serial.log`;
  const disks = await makeTops(options, { vm, qemuImg: options.qemuImg, disks: options.disks });
  const name = `${vm.name}-p2v-check`;
  const xml = renderCheckDomain({
    vm,
    name,
    uuid: randomUUID(), // two checks of one VM, or the VM itself, must not meet
    kvm: options.accelerator === "kvm",
    disks,
    serialFile,
    varsFile: `${directory}/vars.fd`,
    memoryBytes: options.memoryBytes,
    vcpus: options.vcpus,
  });
  await host.writeFile(`${directory}/check.xml`, Buffer.from(xml), { mode: 0o600 });
  // QEMU's user goes through both directories to its files; what lies there stays closed to others.
  await host.run(["chmod", "711", directory, directory.slice(0, directory.lastIndexOf("/"))], {
    timeoutMs: 60_000,
    signal,
  });
  const call = { host, signal: NEVER };
  await tryOn(call, virshArgv(libvirt, ["destroy", name])); // of a run that was killed
  signal.throwIfAborted();
  await using opening = new AsyncDisposableStack();
  const follower = opening.use(
    await followFile(host, { serialFile, atEnd: virshArgv(libvirt, ["destroy", name]) }),
  );
  follower.process.stdout.on("data", (bytes: Buffer) => watch.bytes(bytes));
  await actOn(call, virshArgv(libvirt, ["create", `${directory}/check.xml`]), {
    what: `start ${vm.name} for the boot check`,
    advice: "Look whether libvirt's QEMU may read that directory; or run again with --no-boot-check",
  });
  opening.defer(async () => void (await tryOn(call, virshArgv(libvirt, ["destroy", name]))));
  opening.use(followState(options, { name, watch }));
  const resources = opening.move();
  return {
    activity: () => readActivity(options, name),
    screenText: () => Promise.resolve([]), // the guest's memory is not ours to read there
    screenshotPng: () => picture(options, name),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A transient domain is gone when it ends. */
function followState(
  { host, libvirt }: LibvirtLaunch,
  { name, watch }: { name: string; watch: Watch },
): AsyncDisposable {
  const ask = (): Promise<Ended> =>
    tryOn({ host, signal: NEVER }, virshArgv(libvirt, ["domstate", name, "--reason"]));
  return askAgain(ask, (ended) => {
    if (ended.code !== 0 || ended.stdout.startsWith("shut off"))
      watch.event({ name: "SHUTDOWN", data: { guest: true } });
    else if (ended.stdout.startsWith("crashed")) watch.event({ name: "GUEST_PANICKED", data: {} });
    else if (ended.stdout.startsWith("paused (ioerror"))
      watch.exited(`its disk fails there (${complaint(ended)})`);
    else return true;
    return false;
  });
}

/** Requests of all disks: `block.0.rd.reqs=123`. */
async function readActivity({ host, libvirt }: LibvirtLaunch, name: string): Promise<number | null> {
  const { code, stdout } = await tryOn(
    { host, signal: NEVER },
    virshArgv(libvirt, ["domstats", name, "--block"]),
  );
  if (code !== 0) return null;
  const counts = [...stdout.slice(0, 65_536).matchAll(/^\s*block\.\d+\.(?:rd|wr)\.reqs=(\d{1,15})$/gm)];
  return counts.reduce((sum, match) => sum + Number(match[1]), 0);
}

/** A picture that cannot be taken is none, and no failure of the check. */
async function picture(
  { host, libvirt, directory }: LibvirtLaunch,
  name: string,
): Promise<Uint8Array | null> {
  const file = `${directory}/screen`;
  const { code } = await tryOn({ host, signal: NEVER }, virshArgv(libvirt, ["screenshot", name, file]));
  if (code !== 0) return null;
  const bytes = await host.readFile(file, { maxBytes: MAX_PICTURE_BYTES });
  if (bytes === null || isPng(bytes)) return bytes;
  try {
    return renderPng(parsePpm(bytes));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
