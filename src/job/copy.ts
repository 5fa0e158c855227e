// SPDX-License-Identifier: Apache-2.0
// The copy: used blocks as they are after the conversion, to the destination, every one verified there.
import {
  bytesOf,
  type Destination,
  type DiskReport,
  type Emit,
  type Host,
  type OpenedCrypt,
  type Plan,
  type SealedView,
  uniform,
} from "../core/index.ts";
import { copyDisks, type CopyOptions, finishDisks, reopenDisks } from "../copy/index.ts";
import { diskFiles } from "../wire/index.ts";
import { readUsedMaps } from "../inspect/index.ts";
import type { ProofRun } from "../proof/index.ts";
import { imageFile, isFinished, type TransferAnswers } from "../plan/index.ts";
import type { Traced } from "./writes/traced.ts";
import { lostToBadSectors } from "./source/bad-sectors.ts";
import { KEPT_DIRECTORY } from "./destination/keep-changes.ts";

type Options = {
  readonly plan: Plan;
  readonly transfer: TransferAnswers;
  readonly sealed: readonly SealedView[];
  readonly host: Host;
  /** LUKS volumes of which only what is used is sent. */
  readonly opened: readonly OpenedCrypt[];
  readonly directory: string;
  readonly proof: ProofRun;
  /** null: everything is read. */
  readonly traced: Traced | null;
  readonly release: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

type Chosen = Pick<
  CopyOptions,
  "lanes" | "receiver" | "compress" | "limitBytesPerSecond" | "retryForMs" | "skipBadSectors"
>;

/** What the answers leave open follows from where the copy goes. */
export function transferOptions(transfer: TransferAnswers, { kind }: Destination): Chosen {
  const isHere = kind === "dir";
  return {
    // A second lane serves a link's latency; here both agents would only share this machine's memory and cores.
    lanes: transfer.lanes ?? (isHere ? 1 : 2),
    receiver: transfer.receiver,
    // No link, no bottleneck: packing would only cost.
    compress: isHere && transfer.compress === "auto" ? "none" : transfer.compress,
    limitBytesPerSecond: transfer.limitBytesPerSecond,
    retryForMs: transfer.retryForMs,
    skipBadSectors: transfer.skipBadSectors,
  };
}

export async function copySource({
  plan,
  transfer,
  sealed,
  opened,
  host,
  directory,
  proof,
  traced,
  release,
  signal,
  emit,
}: Options): Promise<readonly DiskReport[]> {
  const views = new Map(sealed.map((view) => [view.disk.number, view.path]));
  const storage = plan.intent.storage;
  const heard = traced === null ? {} : { onRead: traced.onRead };
  const { maps, notes } = await readUsedMaps({ graph: storage, views, opened, signal, ...heard });
  for (const problem of notes) emit({ type: "problem", problem });
  const disks = sealed.map((view, index) => {
    const map = maps.get(view.disk.number) ?? uniform(view.disk.sizeBytes, "data");
    return {
      volume: plan.intent.volumes[index],
      number: view.disk.number,
      file: imageFile(plan.vm.name, view.disk.number, plan.intent.format),
      format: plan.intent.format,
      sizeBytes: view.disk.sizeBytes,
      map,
      read: { sourcePath: view.disk.path, viewPath: view.path, touched: view.touched },
      known: traced?.knownCells(view, { map, storage }),
    };
  });
  await makeRoom({ plan, host, directory, disks, signal });
  const results = await copyDisks({
    host,
    directory,
    disks,
    ...transferOptions(transfer, plan.intent.destination),
    release,
    signal,
    emit,
    onSegment: proof.record,
    ...(traced === null ? {} : { onUnread: traced.onUnread }),
  });
  traced?.copied(results, emit);
  const format = plan.intent.format;
  await finishDisks(
    host,
    directory,
    results.map((result, index) => ({ ...result, format, volume: plan.intent.volumes[index] })),
  );
  const reports: DiskReport[] = [];
  for (const [index, disk] of disks.entries()) {
    const result = results[index];
    if (result === undefined) throw new Error(`No result for disk ${disk.number}`);
    const lost = await lostToBadSectors({
      storage: plan.intent.storage,
      disk: { number: disk.number, path: disk.read.viewPath },
      ranges: result.bad,
      signal,
    });
    if (lost !== null) emit({ type: "problem", problem: lost });
    reports.push({
      number: disk.number,
      path: sealed[index]?.disk.path ?? "",
      file: disk.file,
      sizeBytes: disk.sizeBytes,
      usedBytes: bytesOf(disk.map, "data"),
      sentBytes: result.sentBytes,
      occupiedBytes:
        disk.volume === undefined ? await host.occupiedBytes(`${directory}/${disk.file}`) : disk.sizeBytes,
      sha256: result.rootSha256,
      readBack: result.readBack,
      receiver: result.receiver,
    });
  }
  return reports;
}

type Room = Pick<Options, "plan" | "host" | "directory" | "signal"> & {
  readonly disks: readonly { readonly file: string; readonly volume: string | undefined }[];
};

/**
 * A finished VM goes, or becomes unfinished again, only when its copy is about to begin, and only when the user said
 * so. From then on it is not a finished VM until it is one again: without the manifest nothing is.
 */
async function makeRoom({ plan, host, directory, disks, signal }: Room): Promise<void> {
  const files = disks.map(({ file }) => file);
  const there = await host.list(directory);
  if (plan.intent.replace && isFinished(there))
    for (const file of ownFiles(plan.vm.name, there)) await host.remove(`${directory}/${file}`);
  else {
    if (isFinished(there))
      for (const disk of disks) await forgetIfChanged(host, { directory, ...disk, signal });
    await host.remove(`${directory}/manifest.json`);
  }
  await host.makeDirectory(directory, { mode: 0o700 });
  await reopenDisks(host, directory, files);
}

/**
 * The hashes are written after what they tell of, so an image that is younger was changed since: the VM ran. Then its
 * hashes tell nothing, and all of it is sent again.
 */
async function forgetIfChanged(
  host: Host,
  {
    directory,
    file,
    volume,
    signal,
  }: { directory: string; file: string; volume: string | undefined; signal: AbortSignal },
): Promise<void> {
  const { image, hashes } = diskFiles(file);
  // A device has no time of its last write.
  if (volume !== undefined) return await host.remove(`${directory}/${hashes}`);
  const argv = ["test", `${directory}/${image}`, "-nt", `${directory}/${hashes}`];
  const { code } = await host.run(argv, { timeoutMs: 60_000, signal });
  if (code !== 1) await host.remove(`${directory}/${hashes}`);
}

/** The files of a migrated VM, manifest first: without it nothing is finished. What a user put beside them stays. */
export function ownFiles(name: string, files: readonly string[]): readonly string[] {
  const fixed = [
    "manifest.json",
    "report.json",
    "report.html",
    "boot.png",
    "console.log",
    "definition.json",
    KEPT_DIRECTORY,
  ];
  const named = [".libvirt.xml", ".xl.cfg", ".qemu.sh", ".proxmox.sh", ".vmlinuz", ".initrd", ".vars.fd"].map(
    (ending) => `${name}${ending}`,
  );
  const isImage = (file: string): boolean =>
    file.startsWith(`${name}-`) &&
    /^\d+\.(?:img|qcow2|hashes)(?:\.partial)?$/.test(file.slice(name.length + 1));
  return [...fixed, ...named].filter((file) => files.includes(file)).concat(files.filter(isImage));
}
