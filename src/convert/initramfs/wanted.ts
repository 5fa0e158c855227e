// SPDX-License-Identifier: Apache-2.0
// What each bootable kernel's initramfs must hold, by the guest as it will be.
import { findNode, type GuestOS, type GuestView, type Intent, type Kernel } from "../../core/index.ts";
import { linkPath, RULES_PATH } from "../steps/nic-names.ts";
import type { Wanted, WantedFile } from "./check.ts";
import { readModules } from "./modules.ts";

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
    fileSystems: rootFileSystems(guest, intent),
    files: [...(await pinFiles(view, intent)), ...(await configurationFiles(view))],
  };
}

function rootFileSystems(guest: GuestOS, intent: Intent): readonly string[] {
  const nodes = [
    guest.root,
    ...guest.mounts.filter((one) => one.path === "/usr").map((one) => one.node ?? ""),
  ];
  const types = nodes.flatMap((id) => {
    const holds = findNode(intent.storage, id)?.holds;
    return holds?.kind === "filesystem" ? [holds.type] : [];
  });
  return [...new Set(types)];
}

const HOOK = "/usr/share/initramfs-tools/hooks/udev";

/** Pins count inside where the guest's own hook copies them in; older hooks leave renaming to the real system. */
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
