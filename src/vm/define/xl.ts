// SPDX-License-Identifier: Apache-2.0
// The Xen domain for xl (xl.cfg(5), xl-disk-configuration(5), xl-network-configuration(5)). Pure.
import { diskPath, hasControls, shown, UserError, type VmModel, type VmPlace } from "../../core/index.ts";

type Type = VmModel["xen"]["type"];

type Place = Pick<VmPlace, "networks" | "linkUp">;

/** For a host that nobody has asked: the bridge that Xen's documents name. */
const ANY_XEN: Place = { networks: [], linkUp: true };

/** Kernel and initramfs beside the images, as NAME.vmlinuz and NAME.initrd. */
export type XenKernel = { readonly arguments: string; readonly hasInitramfs: boolean };

type Where = {
  /** For loader `kernel`. */
  readonly kernel?: XenKernel | null;
  /** Where the images lie on the host, absolute. */
  readonly directory: string;
  readonly place?: Place;
  /** Kernel and initramfs lie there, as this path and a suffix. */
  readonly kernelBase?: string;
};

/** Throws UserError for text that xl cannot be given. */
export function renderXl(
  vm: VmModel,
  { directory, place = ANY_XEN, kernel = null, kernelBase = `${directory}/${vm.name}` }: Where,
): string {
  const { type } = vm.xen;
  const disks = diskSpecs(vm, { directory, type });
  const lines = [
    `# ${shown(vm.name)}: Xen domain, made by virt-p2v. Start it: xl create ${shown(vm.name)}.xl.cfg`,
    "# Its console: xl console NAME (leave it with Ctrl-]).",
    `name = ${quote(vm.name)}`,
    `uuid = ${quote(vm.uuid)}`,
    "",
    ...bootLines(vm, { kernelBase, kernel }),
    "",
    `memory = ${Math.ceil(vm.memoryBytes / 2 ** 20)}`,
    `vcpus = ${vm.vcpus}`,
    `localtime = ${vm.clock === "local" ? 1 : 0}`,
    "",
    "# The boot disk is first; the device names follow the order of the disks.",
    ...(vm.disks.some(({ sectorBytes }) => sectorBytes === 4096)
      ? [
          "# A disk had sectors of 4096 bytes. Xen shows a file with sectors of 512: its partitions may not be found.",
        ]
      : []),
    ...list("disk", disks),
    ...nicLines(vm, place, type),
    "",
    'on_poweroff = "destroy"',
    'on_reboot = "restart"',
    'on_crash = "restart"',
  ];
  if (type !== "hvm") lines.push("", ...hvmAlternative(vm, directory, place));
  return `${lines.join("\n")}\n`;
}

/** pvgrub reads the guest's own grub.cfg inside the domain; pygrub reads it in dom0; HVM boots as on the metal. */
function bootLines(
  vm: VmModel,
  { kernelBase, kernel }: { kernelBase: string; kernel: XenKernel | null },
): readonly string[] {
  const { type, loader } = vm.xen;
  if (type === "hvm") return hvmLines(vm);
  const head = `type = ${quote(type)}`;
  if (loader === "pygrub") return [head, 'bootloader = "pygrub"'];
  if (loader === "kernel")
    return [
      head,
      "# Copies of the guest's own: put a newer kernel of the guest here too.",
      `kernel = ${quote(`${kernelBase}.vmlinuz`)}`,
      ...(kernel?.hasInitramfs === false ? [] : [`ramdisk = ${quote(`${kernelBase}.initrd`)}`]),
      `cmdline = ${quote(kernel?.arguments ?? "")}`,
    ];
  const arch = vm.arch === "x86_64" ? "x86_64" : "i386";
  const file = type === "pvh" ? "grub-i386-xen_pvh.bin" : `grub-${arch}-xen.bin`;
  return [
    head,
    "# The guest's own boot menu, by GRUB inside the domain. Debian: apt-get install grub-xen-host;",
    '# without it: remove the line "kernel" and say bootloader = "pygrub" instead.',
    `kernel = ${quote(`/usr/lib/grub-xen/${file}`)}`,
  ];
}

function hvmLines(vm: VmModel): readonly string[] {
  return [
    'type = "hvm"',
    vm.firmware.kind === "uefi" ? 'bios = "ovmf"' : 'bios = "seabios"',
    'boot = "c"',
    'serial = "pty"',
    "vnc = 1",
    'vnclisten = "127.0.0.1"',
    'vga = "stdvga"',
  ];
}

function hvmAlternative(vm: VmModel, directory: string, place: Place): readonly string[] {
  const disks = diskSpecs(vm, { directory, type: "hvm" });
  return [
    `# As a fully virtualized machine (HVM) instead: put these in place of ${vm.xen.loader === "pygrub" ? "type, bootloader" : "type, kernel"}, disk and vif above.`,
    ...[...hvmLines(vm), ...list("disk", disks), ...nicLines(vm, place, "hvm")].map((line) => `#${line}`),
  ];
}

function list(name: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [`${name} = []`];
  return [`${name} = [`, ...items.map((item) => `  ${item},`), "]"];
}

/**
 * The boot disk stands first, since pygrub and a BIOS try no other. A PV guest's names keep the disk order; a BIOS
 * boots the first of its names. Its emulated controller has four; what is above is seen by Xen's own driver only.
 */
function diskSpecs(vm: VmModel, { directory, type }: { directory: string; type: Type }): readonly string[] {
  const named = vm.disks.map((disk, index) => ({ disk, index }));
  const first = named.toSorted((a, b) => Number(b.disk.boot) - Number(a.disk.boot));
  return first.map(({ disk, index }, place) => {
    const number = type === "hvm" ? place : index;
    const vdev = `${type === "hvm" && number < 4 ? "hd" : "xvd"}${String.fromCharCode(97 + number)}`;
    // `target` is last: xl takes all that follows it, commas too.
    return quote(`format=${disk.format}, vdev=${vdev}, access=rw, target=${diskPath(disk, directory)}`);
  });
}

/** Xen's cards have no cable that could be unplugged: a card without a network is left out, and stands in a comment. */
function nicLines(vm: VmModel, { networks, linkUp }: Place, type: Type): readonly string[] {
  const specs = vm.nics.map((nic, index) => {
    const given = networks[index];
    const bridge = given === undefined ? "xenbr0" : (given?.name ?? "xenbr0");
    const script = given?.kind === "ovs-bridge" ? ", script=vif-openvswitch" : "";
    return { text: quote(nicSpec(nic, { type, bridge, script })), plugged: linkUp && given !== null };
  });
  const plugged = specs.filter((one) => one.plugged);
  const unplugged = specs.filter((one) => !one.plugged);
  return [
    ...list(
      "vif",
      plugged.map(({ text }) => text),
    ),
    ...(unplugged.length === 0 ? [] : ["# Not connected; put these into vif to connect them:"]),
    ...unplugged.map(({ text }) => `#  ${text},`),
  ];
}

function nicSpec(
  { mac, model }: { mac: string; model: "virtio" | "e1000" },
  { type, bridge, script }: { type: Type; bridge: string; script: string },
): string {
  const emulated = type === "hvm" ? `, model=${model === "e1000" ? "e1000" : "rtl8139"}` : "";
  return `mac=${mac}, bridge=${bridge}${script}${emulated}`;
}

/** xl reads the escapes of C inside quotes (libxlu_cfg.c); control characters are refused, nobody means them. */
function quote(text: string): string {
  if (hasControls(text))
    throw new UserError("xl-text", `${JSON.stringify(text)} cannot be written into a Xen definition`, {
      advice: "Choose a name and a directory without control characters",
    });
  return `"${text.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`;
}
