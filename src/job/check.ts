// SPDX-License-Identifier: Apache-2.0
// The chain of boot and the boot check again, at any time, of a finished VM that somebody worked on, or of images from
// elsewhere. Nothing is copied, and the images are not written.
import { mkdir, stat, symlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  type Chain,
  diskPath,
  type Emit,
  type GuestOS,
  type Host,
  isVmName,
  type Plan,
  type Problem,
  type VmModel,
} from "../core/index.ts";
import { walkChain } from "../chain/index.ts";
import { type Answers, imageFile, makeIntent, makeVm } from "../plan/index.ts";
import { withChain } from "./chain-problems.ts";
import { type BootResult, checkBoot } from "./destination/boot-check.ts";
import { compareChain } from "./destination/compare-chain.ts";
import { connectHost } from "./destination/destination.ts";
import { readPastReport } from "./destination/past-report.ts";
import { openImages } from "./source/images.ts";
import { makeProbeLayers } from "./source/probe.ts";
import { findDisks, openSource } from "./source/source.ts";
import { refuseWithoutSystem } from "./source/root/without-system.ts";
import { openWorkspace } from "./workspace.ts";

export type CheckOptions = {
  /** One directory of a finished VM, or images in their order. */
  readonly paths: readonly string[];
  /** What applies to images; a directory has its own. */
  readonly answers: Answers;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

export type Checked = {
  readonly name: string;
  readonly guest: GuestOS | null;
  /** null: no installed system is known. */
  readonly chain: Chain | null;
  readonly boot: BootResult;
  readonly problems: readonly Problem[];
};

export async function checkVm({ paths, answers, signal, emit }: CheckOptions): Promise<Checked> {
  await using workspace = await openWorkspace();
  const workDirectory = workspace.path;
  await using host = await connectHost({ kind: "dir", path: workDirectory }, { sshConfig: null, signal });
  const target = await findTarget(paths, { host, answers });
  await using images = await openImages(target.images, { signal });
  const call = { signal, emit };
  const found = await findDisks(images.paths, { ...call, keys: answers.keys ?? [] });
  await using source = await openSource(found, {
    ...call,
    workDirectory,
    asIs: false,
    root: answers.root ?? null,
    ...(answers.was === undefined ? {} : { was: answers.was }),
  });
  if (target.directory === null) refuseWithoutSystem(source, "check");
  const made = makeIntent(target.answers, source);
  const intent = { ...made.intent, format: target.format, bootCheck: answers.bootCheck };
  const { guest, mounted } = source;
  const vm = target.vm ?? makeVm(intent, guest);
  const chain =
    guest === null || mounted === null
      ? null
      : await walkChain({ view: mounted.view, guest, intent, vm, signal });
  const plan: Plan = {
    format: "plan/1",
    intent,
    guest,
    vm,
    place: { hypervisor: "files", kvm: true, networks: [], linkUp: true, autostart: false },
    changes: [],
    problems: [],
    chain,
    disks: source.usage,
    sha256: "",
  };
  const sealed = await source.seal();
  const layers = await makeProbeLayers({ plan, sealed, opened: found.opened, ...call });
  const directory = target.directory ?? (await linkImages(target.images, { plan, workDirectory }));
  const boot = await checkBoot({
    plan,
    host,
    facts: null,
    kernel: null,
    directory,
    opened: found.opened,
    layers,
    ...call,
  });
  const differs = compareChain(chain, boot.outcome);
  const problems = withChain([...source.problems, ...made.problems], chain, { severity: "warns" });
  return {
    name: vm.name,
    guest,
    chain,
    boot,
    problems: [...differs, ...problems],
  };
}

type Target = {
  /** With the images, as the report names them; null: they are from elsewhere. */
  readonly directory: string | null;
  readonly images: readonly string[];
  readonly format: Plan["intent"]["format"];
  readonly vm: VmModel | null;
  readonly answers: Answers;
};

async function findTarget(
  paths: readonly string[],
  { host, answers }: { host: Host; answers: Answers },
): Promise<Target> {
  const [first = "."] = paths;
  const directory = resolve(first);
  const isDirectory = paths.length <= 1 && (await stat(directory).catch(() => null))?.isDirectory() === true;
  if (!isDirectory) {
    const images = paths.map((path) => resolve(path));
    const format = (images[0] ?? "").endsWith(".qcow2") ? "qcow2" : "raw";
    const named = basename(first).replace(/\.[^.]*$/, "");
    const name = answers.name ?? (isVmName(named) ? named : "vm");
    return {
      directory: null,
      images,
      format,
      vm: null,
      answers: { ...answers, name, disks: images, format },
    };
  }
  const { vm } = await readPastReport(host, directory);
  const images = vm.disks.map((disk) => diskPath(disk, directory));
  const nics = new Map(vm.nics.map(({ name, mac }) => [name, mac]));
  const own = { name: vm.name, disks: images, nics, memoryBytes: vm.memoryBytes, vcpus: vm.vcpus };
  return {
    directory,
    images,
    format: vm.disks[0]?.format ?? "raw",
    vm,
    answers: { ...answers, ...own, firmware: vm.firmware },
  };
}

/** The boot check looks for the images by the names that a migration gives them. */
async function linkImages(
  images: readonly string[],
  { plan, workDirectory }: { plan: Plan; workDirectory: string },
): Promise<string> {
  const directory = join(workDirectory, "vm");
  await mkdir(directory, { mode: 0o700 });
  for (const [index, image] of images.entries())
    await symlink(image, join(directory, imageFile(plan.intent.name, index + 1, plan.intent.format)));
  return directory;
}
