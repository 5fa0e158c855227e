// SPDX-License-Identifier: Apache-2.0
// The boot check by Xen's xl: a domain above device-mapper snapshots of the images, on a bridge that leads nowhere.
import { randomUUID } from "node:crypto";
import type { Host, VmModel, XenFacts } from "../../core/index.ts";
import type { CheckRun } from "./attempt.ts";
import { readPieces, sendPieces } from "./pieces.ts";
import { askAgain } from "./poll.ts";
import type { Watch } from "./watch.ts";
import { actOn, type Call, tryOn, xlArgv } from "../host-command.ts";
import { renderXl, type XenKernel } from "../define/xl.ts";

export type XenLaunch = {
  readonly host: Host;
  readonly vm: VmModel;
  readonly xen: XenFacts;
  /** For loader `kernel`: its files lie beside the images. */
  readonly kernel: XenKernel | null;
  /** By disk: the image on the host, and the local qcow2 file of what the probe changed above it. */
  readonly disks: readonly { readonly image: string; readonly layer: string | null }[];
  /** Of the images, and an existing one for this attempt alone. */
  readonly imageDirectory: string;
  readonly directory: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly signal: AbortSignal;
};

const NEVER = new AbortController().signal;
/** What a guest writes while it boots; the file is sparse. */
const STORE_BYTES = 2 * 2 ** 30;
/** IFNAMSIZ leaves 15 characters (linux/if.h). */
const BRIDGE = "p2v-check";

// Words as arguments, so that no name is ever read as shell. Loop devices let go by themselves once the snapshot does
// (lazy detach); the snapshot's store is not kept ("N"), in chunks of 8 sectors (dm-snapshot).
const SNAPSHOT = [
  "set -e; name=$1 image=$2 store=$3 bytes=$4 limit=$5; umask 077",
  "PATH=$PATH:/usr/sbin:/sbin; modprobe dm_snapshot 2>/dev/null || true",
  'if [ -b "$image" ]; then base=$image; else base=$(losetup --read-only --find --show "$image"); fi',
  'truncate -s "$limit" "$store"; cow=$(losetup --find --show "$store")',
  'let_go() { losetup -d "$cow"; [ -b "$image" ] || losetup -d "$base"; }; trap let_go EXIT',
  'dmsetup create "$name" --table "0 $((bytes / 512)) snapshot $base $cow N 8"',
  'dmsetup mknodes "$name"',
].join("; ");

const BRIDGE_UP = [
  "set -e; PATH=$PATH:/usr/sbin:/sbin",
  'ip link show dev "$1" >/dev/null 2>&1 || ip link add name "$1" type bridge',
  'echo 1 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6" 2>/dev/null || true',
  'ip link set dev "$1" up',
].join("; ");

// $1 domain, $2 bridge, then the snapshots. A snapshot is busy until the domain's back end has let go of it.
const END = [
  "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; d=$1 b=$2; shift 2",
  'xl destroy "$d" 2>/dev/null',
  'for s; do [ ! -e "/dev/mapper/$s" ] || for i in 1 2 3 4 5 6 7 8 9 10; do dmsetup remove "$s" 2>/dev/null && break; sleep 1; done; done',
  'ip link del dev "$b" 2>/dev/null; true',
].join("; ");

// As long as we hold its stdin it waits. When the connection is lost it ends the domain, which would otherwise run on.
const GUARD = `trap 'exit 0' HUP INT TERM; trap 'sh -c "$0" sh "$@" >/dev/null 2>&1' EXIT; cat >/dev/null & wait $!`;

/** What is missing on the host for this way; null: nothing. */
export async function lacksForXenCheck(
  host: Host,
  { vm, xen }: { vm: VmModel; xen: XenFacts },
): Promise<string | null> {
  if (xen.prefix.length > 0)
    return `The boot check on a Xen host needs root, and ${host.title} is another user`;
  if (vm.disks.some(({ format }) => format !== "raw"))
    return "The boot check on a Xen host needs images in raw format (--format raw)";
  for (const program of ["dmsetup", "losetup", "ip"])
    if ((await host.which(program)) === null && (await host.kindOf(`/usr/sbin/${program}`)) !== "file")
      return `${program} is not installed on ${host.title}`;
  return null;
}

export async function launchXen(options: XenLaunch, watch: Watch): Promise<CheckRun> {
  const { host, vm, directory, signal } = options;
  const call: Call = { host, signal: NEVER };
  const name = `${vm.name.slice(0, 40)}-p2v-check`;
  const snapshots = vm.disks.map((_, index) => `${name}-${index + 1}`);
  const endArgv = ["sh", "-c", END, "sh", name, BRIDGE, ...snapshots];
  await tryOn(call, endArgv); // of a run that was killed
  signal.throwIfAborted();
  await using opening = new AsyncDisposableStack();
  const guard = opening.use(
    await host.spawn(["sh", "-c", GUARD, END, name, BRIDGE, ...snapshots], { signal: NEVER }),
  );
  opening.defer(async () => {
    await tryOn(call, endArgv);
    guard.stdin.end();
  });
  for (const [index, disk] of options.disks.entries()) {
    const store = `${directory}/store-${index + 1}`;
    const bytes = Math.floor((vm.disks[index]?.sizeBytes ?? 0) / 512) * 512;
    const words = [snapshots[index] ?? "", disk.image, store, `${bytes}`, `${STORE_BYTES}`];
    await actOn(call, ["sh", "-c", SNAPSHOT, "sh", ...words], {
      what: `make a throw-away snapshot of ${disk.image}`,
      advice: "Look whether dm_snapshot can be loaded there; or run again with --no-boot-check",
    });
    if (disk.layer !== null)
      await sendPieces(host, await readPieces(disk.layer, { signal }), {
        to: `/dev/mapper/${snapshots[index]}`,
        signal,
      });
  }
  await actOn(call, ["sh", "-c", BRIDGE_UP, "sh", BRIDGE], {
    what: "make a bridge that leads nowhere",
    advice: "Look whether the bridge module can be loaded there; or run again with --no-boot-check",
  });
  const file = `${directory}/check.cfg`;
  await host.writeFile(file, Buffer.from(renderCheckXl(options, { name, snapshots })), { mode: 0o600 });
  signal.throwIfAborted();
  await actOn(call, xlArgv([], ["create", "-p", "-q", file]), {
    what: `start ${vm.name} for the boot check`,
    advice: `Try there: xl create -c ${vm.name}.cfg; or run again with --no-boot-check`,
  });
  const console = opening.use(await host.spawn(xlArgv([], ["console", name]), { signal: NEVER }));
  console.stdout.on("data", (bytes: Buffer) => watch.bytes(bytes));
  await actOn(call, xlArgv([], ["unpause", name]), {
    what: `start ${vm.name} for the boot check`,
    advice: "Try again, or run with --no-boot-check",
  });
  opening.use(followState(call, { name, watch }));
  const resources = opening.move();
  return {
    activity: () => Promise.resolve(null),
    screenText: () => Promise.resolve([]),
    screenshotPng: () => Promise.resolve(null), // a PV domain has no screen
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The VM's own definition, with other disks and another network, and an end where it would restart. */
function renderCheckXl(
  { vm, kernel, imageDirectory, memoryBytes, vcpus }: XenLaunch,
  { name, snapshots }: { name: string; snapshots: readonly string[] },
): string {
  const check: VmModel = {
    ...vm,
    name,
    uuid: randomUUID(), // two checks of one VM, or the VM itself, must not meet
    memoryBytes,
    vcpus,
    disks: vm.disks.map((disk, index) => ({ ...disk, format: "raw", file: snapshots[index] ?? "" })),
  };
  const place = { networks: vm.nics.map(() => ({ kind: "bridge", name: BRIDGE }) as const), linkUp: true };
  const kernelBase = `${imageDirectory}/${vm.name}`;
  return renderXl(check, { directory: "/dev/mapper", place, kernel, kernelBase }).replace(
    'on_reboot = "restart"\non_crash = "restart"',
    'on_reboot = "destroy"\non_crash = "destroy"',
  );
}

/** A domain that ended is gone. */
function followState(call: Call, { name, watch }: { name: string; watch: Watch }): AsyncDisposable {
  return askAgain(
    () => tryOn(call, xlArgv([], ["domid", name])),
    ({ code }) => {
      if (code !== 0) watch.event({ name: "SHUTDOWN", data: { guest: true } });
      return code === 0;
    },
  );
}
