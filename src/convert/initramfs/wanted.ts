// SPDX-License-Identifier: Apache-2.0
// What each bootable kernel's initramfs must hold, for the guest as it will be.
import {
  findNode,
  type GuestOS,
  type GuestView,
  type Intent,
  type Kernel,
  luksBelow,
  type NodeId,
  VM_DRIVERS,
} from "../../core/index.ts";
import { kernelArguments } from "../loaders/kernel-arguments.ts";
import { linkPath, RULES_PATH } from "../names/nic-pins.ts";
import type { Wanted, WantedFile } from "./check.ts";
import { needsEarlyNetwork } from "./early-network.ts";
import { readEmulated } from "./emulated.ts";
import { type Modules, readModules } from "./modules.ts";

/** Without one of these the VM has no disk, but for emulated ones. */
const DISK_DRIVERS: readonly (readonly string[])[] = [["virtio_pci"], ["virtio_blk"]];
/** Linux's own; RHEL 5's kernel-xen; RHEL 4 and 5 in a full VM. */
const XEN_DISK_DRIVERS = [["xen-blkfront", "xenblk", "xen-vbd"]];

/** Neither its modules are listed nor is its configuration there. */
export const isUnknown = ({ has }: Pick<Kernel, "has">): boolean => Object.keys(has).length === 0;

/** Those a kernel lacks, by their usual names. `modules` null: there is no list of them; what nothing tells of is not lacking. */
export function lackingDiskDrivers(
  { has }: Pick<Kernel, "has">,
  { modules, intent }: { modules: Modules | null; intent: Pick<Intent, "hypervisor"> },
): readonly string[] {
  const isThere = (name: string): boolean =>
    has[name] === "builtin" || (modules === null ? isUnknown({ has }) : modules.place(name) !== "absent");
  const wanted = intent.hypervisor === "xen" ? XEN_DISK_DRIVERS : DISK_DRIVERS;
  return wanted.flatMap((names) => (names.some(isThere) ? [] : (names[0] ?? [])));
}

/** null: no list of the kernel's modules, so nothing can be proven about it. */
export async function readWanted(
  kernel: Kernel,
  { view, guest, intent }: { view: GuestView; guest: GuestOS; intent: Intent },
): Promise<Wanted | null> {
  const modules = await readModules(view, kernel.version);
  if (modules === null) return null;
  return {
    kernel: kernel.version,
    modules,
    drivers: await wantedDrivers(kernel, { modules, view, guest, intent }),
    fileSystems: rootDrivers(guest, intent),
    opener: guest.initramfsTool === "initramfs-tools" && isEncrypted(guest, intent) ? "cryptroot" : null,
    files: [...(await pinFiles(view, intent)), ...(await configurationFiles(view))],
  };
}

/** As readWanted(), with what the VM needs to find its root; the rest may as well lie on that. */
export async function readNeeded(
  kernel: Kernel,
  context: { view: GuestView; guest: GuestOS; intent: Intent },
): Promise<Wanted | null> {
  const wanted = await readWanted(kernel, context);
  return wanted === null
    ? null
    : { ...wanted, drivers: await neededDrivers(kernel, { ...context, modules: wanted.modules }) };
}

async function neededDrivers(
  kernel: Kernel,
  context: { modules: Modules; view: GuestView; guest: GuestOS; intent: Intent },
): Promise<readonly string[]> {
  const { modules, view, intent } = context;
  const isXen = intent.hypervisor === "xen";
  const disks = isXen ? XEN_DISK_DRIVERS : DISK_DRIVERS;
  const disk =
    lackingDiskDrivers(kernel, context).length > 0
      ? ((await readEmulated(kernel, context)).disk ?? [])
      : disks.flatMap((names) => names.find((name) => modules.place(name) === "module") ?? []);
  // A menu that is too large says nothing; the step that edits it does.
  const words = await kernelArguments(view, { image: kernel.image, rootUuid: "" }).catch(tooLarge);
  const more = (await Promise.all(GRUB_ENVIRONMENTS.map((path) => readQuietly(view, path)))).join("\n");
  return needsEarlyNetwork(`${words}\n${more}`) ? [...disk, isXen ? "xen-netfront" : "virtio_net"] : disk;
}

const GRUB_ENVIRONMENTS = ["/boot/grub/grubenv", "/boot/grub2/grubenv"];

const readQuietly = async (view: GuestView, path: string): Promise<string> =>
  (await view.readText(path).catch(tooLarge)) ?? "";

function tooLarge(error: unknown): string {
  if (error instanceof RangeError) return "";
  throw error;
}

/** Paravirtual ones; if a kernel has none for disks, also those of the controller that the VM then gets. */
async function wantedDrivers(
  kernel: Kernel,
  context: { modules: Modules; view: GuestView; guest: GuestOS; intent: Intent },
): Promise<readonly string[]> {
  if (lackingDiskDrivers(kernel, context).length === 0) return VM_DRIVERS;
  const { disk } = await readEmulated(kernel, context);
  return [...VM_DRIVERS, ...(disk ?? [])];
}

/** What must be mounted before the system's first program. */
const earlyNodes = ({ root, mounts }: GuestOS): readonly NodeId[] => [
  root,
  ...mounts.filter((mount) => mount.path === "/usr").map((mount) => mount.node ?? ""),
];

const isEncrypted = (guest: GuestOS, { storage }: Intent): boolean =>
  earlyNodes(guest).some((id) => luksBelow(storage, id).length > 0);

function rootDrivers(guest: GuestOS, intent: Intent): readonly string[] {
  const types = earlyNodes(guest).flatMap((id) => {
    const holds = findNode(intent.storage, id)?.holds;
    return holds?.kind === "filesystem" ? [holds.type] : [];
  });
  return [...new Set(types), ...(isEncrypted(guest, intent) ? ["dm_crypt"] : [])];
}

const HOOK = "/usr/share/initramfs-tools/hooks/udev";

/** Pins must be inside if the guest's own hook copies them; older hooks leave renaming to the real system. */
async function pinFiles(view: GuestView, intent: Intent): Promise<readonly WantedFile[]> {
  const hook = (await view.readText(HOOK)) ?? "";
  const paths: string[] = [];
  if (hook.includes("/etc/systemd/network")) paths.push(...intent.nics.map(linkPath));
  if (/\/etc\/udev\/rules\.d\/\*/.test(hook)) paths.push(RULES_PATH);
  const files: WantedFile[] = [];
  for (const path of paths) {
    const content = await view.read(path);
    if (content === null) continue;
    const inside = path.replace("/etc/systemd/", "lib/systemd/").replace("/etc/udev/", "lib/udev/");
    files.push({ name: inside, content, paths: [inside, `usr/${inside}`, path.slice(1)], when: "udev" });
  }
  return files;
}

/** The resume device is copied in with the configuration. */
async function configurationFiles(view: GuestView): Promise<readonly WantedFile[]> {
  const path = "/etc/initramfs-tools/conf.d/resume";
  const content = await view.read(path);
  const inside = "conf/conf.d/resume";
  return content === null ? [] : [{ name: inside, content, paths: [inside], when: "if-there" }];
}
