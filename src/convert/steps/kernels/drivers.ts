// SPDX-License-Identifier: Apache-2.0
// Kernels without the drivers of a VM: the guest's own tool installs the package from extras/ that fits, in the copy where
// its initramfs tools run; what differs afterwards becomes changes. If none fits, the report names the package to get.
import { step, type StepContext } from "../step.ts";
import { type Change, type Kernel, makeProblem, named, type Problem } from "../../../core/index.ts";
import { layeredView } from "../../../system/index.ts";
import { addToMenus } from "../../drivers/add-entry.ts";
import { type Choice, choosePackages, directoriesFor, type Lack } from "../../drivers/choose.ts";
import { readFitting } from "../../drivers/extras.ts";
import { IDLE_PROGRAMS, installation } from "../../drivers/install.ts";
import type { DriverPackage } from "../../drivers/package.ts";
import { isForXenOnly } from "../../drivers/plain-kernel.ts";
import { wantedPackage } from "../../drivers/wanted-package.ts";
import { readBuiltIns } from "../../initramfs/emulated.ts";
import { isRelease, readModules } from "../../initramfs/modules.ts";
import { isUnknown } from "../../initramfs/wanted.ts";

export const drivers = step(
  {
    name: "drivers",
    explains:
      "Installs the drivers of a VM from extras with the guest's own package tool, where its kernel lacks them",
    addsKernels: true,
  },
  async (context) => {
    const kernels = context.guest.kernels.filter(({ bootable, version }) => bootable && isRelease(version));
    const lacks: Lack[] = [];
    for (const kernel of kernels) {
      if (isForXenOnly(kernel, context.intent)) {
        lacks.push({ kernel: kernel.version, modules: neededDrivers(context.intent), never: true });
        continue;
      }
      const modules = await lackingDrivers(kernel, context);
      if (modules.length > 0) lacks.push({ kernel: kernel.version, modules });
    }
    if (lacks.length > 0) await provide(lacks, context, { isBootable: kernels.length > lacks.length });
  },
);

/** For the VM's disks and network cards; on a Xen host, for a domain's. */
const neededDrivers = ({ hypervisor }: StepContext["intent"]): readonly string[] =>
  hypervisor === "xen" ? ["xen_blkfront", "xen_netfront"] : ["virtio_pci", "virtio_blk", "virtio_net"];

async function lackingDrivers(
  { version, has }: Pick<Kernel, "version" | "has">,
  { view, intent }: Pick<StepContext, "view" | "intent">,
): Promise<readonly string[]> {
  const modules = await readModules(view, version);
  if (modules === null && isUnknown({ has })) return [];
  const isBuiltIn = (name: string): boolean =>
    has[name] === "builtin" || has[name.replaceAll("_", "-")] === "builtin";
  const isThere = (name: string): boolean =>
    isBuiltIn(name) || (modules !== null && modules.place(name) !== "absent");
  return neededDrivers(intent).filter((name) => ![name, ...(OTHER_NAMES[name] ?? [])].some(isThere));
}

/** Of RHEL 5's kernel-xen, and of RHEL 4 and 5 in a full VM. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  xen_blkfront: ["xenblk", "xen_vbd"],
  xen_netfront: ["xennet", "xen_vnif"],
};

/** `isBootable`: another kernel of the menu has them all. */
async function provide(
  lacks: readonly Lack[],
  context: StepContext,
  { isBootable }: { isBootable: boolean },
): Promise<void> {
  const { draft, extras } = context;
  const fitting = await readFitting(extras, context);
  for (const { path, why } of fitting.unreadable)
    draft.problem(
      makeProblem("extras-unreadable", {
        about: [{ kind: "file", of: "here", path }],
        text: `The package ${path} is left out: ${why}`,
        advice: "Put a whole one for the guest in its place",
      }),
    );
  const plans: Helped[] = [];
  let isHelped = isBootable;
  for (const lack of lacks) {
    const choice = choosePackages(lack, fitting.packages, { mayAdd: !isHelped });
    if (choice !== null && isRelease(choice.kernel)) {
      plans.push({ lack, choice });
      isHelped = true;
    }
  }
  // Of what starts under Xen only, prove reports which package is needed.
  if (!isHelped) for (const lack of lacks) if (lack.never !== true) draft.problem(missing(lack, context));
  if (plans.length > 0) await install(plans, context);
}

type Helped = { readonly lack: Lack; readonly choice: Choice };

/** All at once: a second installation would start from the original guest, and lose the package database of the first. */
async function install(plans: readonly Helped[], context: StepContext): Promise<void> {
  const { view, blobs, changes, signal, guest, draft, tools, emit } = context;
  const releases = [...new Set(plans.map(({ choice }) => choice.kernel))];
  const chosen = [...new Set(plans.flatMap(({ choice }) => choice.packages))];
  const { script, packages } = installation(chosen, { releases });
  const names = packages.map(fullName).join(", ");
  const reasons = plans.map(({ lack }) => lacking(lack)).join("; ");
  emit({ type: "step", phase: "plan", text: `Installing ${names} in a copy of the guest` });
  const paths = packages.map(({ path }) => path);
  const request = { script, packages: paths, idle: IDLE_PROGRAMS, changes, blobs, signal };
  const installed = await tools.installPackages(request);
  if (installed.kind === "later")
    draft.problem(
      makeProblem("drivers-later", {
        about: named("package", ...packages.map(({ name }) => name)),
        text: `${names} from extras will be installed at migration: ${reasons}`,
        advice: LATER,
      }),
    );
  if (installed.kind === "failed") draft.problem(notInstalled(packages, installed.why, reasons));
  if (installed.kind !== "installed") return;
  const why = `${names} from extras: ${reasons}`;
  const images = new Set(guest.kernels.map(({ initramfs }) => initramfs));
  // An initramfs that package scripts made is left to its own step.
  const made: Change[] = installed.changes
    .filter(({ path, before }) => !(images.has(path) && before.kind === "bytes"))
    .map((change) => ({ step: "drivers", why, ...change }));
  const after = { ...context, view: layeredView(view, blobs, [...changes, ...made]) };
  const helped: Helped[] = [];
  for (const plan of plans) {
    const still = await lackingAfter(plan, after);
    if (still.length === 0) helped.push(plan);
    else
      draft.problem(
        notInstalled(
          packages,
          `${plan.choice.kernel} lacks ${still.join(", ")} afterwards, too`,
          lacking(plan.lack),
        ),
      );
  }
  if (helped.length === 0) return; // nothing of it is kept
  for (const { step: _, ...change } of made) draft.add(change);
  const added = helped.find(({ lack, choice }) => choice.kernel !== lack.kernel);
  if (added !== undefined) await addKernel(added, after);
}

async function lackingAfter({ lack, choice }: Helped, after: StepContext): Promise<readonly string[]> {
  const old = after.guest.kernels.find(({ version }) => version === choice.kernel);
  const has =
    choice.kernel === lack.kernel && old !== undefined ? old.has : await builtInOf(choice.kernel, after.view);
  return await lackingDrivers({ version: choice.kernel, has }, after);
}

async function builtInOf(release: string, view: StepContext["view"]): Promise<Kernel["has"]> {
  const names = await readBuiltIns(view, release);
  return Object.fromEntries([...names].map((name) => [name, "builtin"]));
}

/**
 * Its initramfs is a placeholder until the step for it makes one; its menu entry is a copy of that of the kernel without
 * drivers. `view`: with all that the packages brought.
 */
async function addKernel(
  { lack: { kernel: from }, choice: { kernel: to } }: Helped,
  { view, guest, draft }: StepContext,
): Promise<void> {
  const above = draft.on(view);
  const old = guest.kernels.find(({ version }) => version === from)?.initramfs ?? null;
  const image = old?.replaceAll(from, to) ?? null;
  if (image !== null && image !== old && (await view.resolve(image)) === null)
    await above.write(image, {
      why: `The initramfs of ${to}`,
      text: "Made by virt-p2v later\n",
      mode: 0o600,
    });
  if (!(await addToMenus({ from, to }, { view, draft: above })))
    above.problem(
      makeProblem("drivers-not-in-menu", {
        about: named("kernel", to),
        text: `The kernel ${to} was installed, and no boot menu names ${from}, by which it could be added`,
        advice: `Choose ${to} in the VM's boot menu, or install it on the machine with its boot menu`,
      }),
    );
  draft.take(above);
}

const LATER = "Its tool runs on a throw-away overlay then, before a byte is copied";

const fullName = ({ name, version, arch }: DriverPackage): string => `${name} ${version} (${arch})`;
const lacking = ({ kernel, modules }: Lack): string => `the kernel ${kernel} has no ${modules.join(", ")}`;

function notInstalled(packages: readonly DriverPackage[], why: string, reasons: string): Problem {
  return makeProblem("drivers-not-installed", {
    about: named("package", ...packages.map(({ name }) => name)),
    text: `${packages.map(fullName).join(", ")} from extras could not be installed (${why}); ${reasons}`,
    advice: "Put what its tool asks for beside it, or another package in its place",
  });
}

function missing(lack: Lack, { guest, intent, extras }: StepContext): Problem {
  const directory = `${extras.directory}/${directoriesFor(guest)[0] ?? ""}`;
  const wanted = wantedPackage(guest, { ...lack, xen: intent.hypervisor === "xen" });
  return makeProblem("drivers-missing", {
    about: [...named("kernel", lack.kernel), ...named("driver", ...lack.modules)],
    text: `${guest.title} (${guest.arch}): ${lacking(lack)}, and extras has no package with them`,
    advice: `Put ${wanted} into ${directory}/ and plan again. From another computer: virt-p2v iso attach ISO --extras DIR, with DIR/${directoriesFor(guest)[0] ?? ""}/`,
  });
}
