// SPDX-License-Identifier: Apache-2.0
// The libvirt domain (https://libvirt.org/formatdomain.html; its schema is domain.rng). Pure.
import { create } from "xmlbuilder2";
import { diskPath, type VmDisk, type VmModel, type VmNic, type VmPlace } from "../../core/index.ts";
import { bootOrder, diskBus } from "./qemu-devices.ts";

type Attributes = Readonly<Record<string, string>>;
/** An element by name, attributes as `@name`, text as `#`; as xmlbuilder2 reads it. */
export type Node = { readonly [name: string]: string | Node | readonly Node[] };

/** For a host that nobody has asked: KVM, and the network that every libvirt has. */
const ANY_LIBVIRT: Pick<VmPlace, "kvm" | "networks" | "linkUp"> = {
  kvm: true,
  networks: [],
  linkUp: true,
};

type DomainNode = Node & { readonly os: Node; readonly devices: Node & { readonly disk: readonly Node[] } };

type Where = {
  /** Where the images lie on the host, absolute. */
  readonly directory: string;
  readonly place?: Pick<VmPlace, "kvm" | "networks" | "linkUp">;
};

export function renderLibvirt(vm: VmModel, where: Where): string {
  return renderDomain(domainOf(vm, where));
}

export function renderDomain(domain: Node): string {
  return `${create({ domain }).end({ headless: true, prettyPrint: true })}\n`;
}

/** What the boot check changes is changed here, before it becomes text. */
export function domainOf(vm: VmModel, { directory, place = ANY_LIBVIRT }: Where): DomainNode {
  const kib = `${Math.ceil(vm.memoryBytes / 1024)}`;
  return {
    ...attributes({ type: place.kvm ? "kvm" : "qemu" }),
    name: vm.name,
    uuid: vm.uuid,
    ...(vm.osinfo === null ? {} : { metadata: osinfo(vm.osinfo) }),
    memory: { "@unit": "KiB", "#": kib },
    currentMemory: { "@unit": "KiB", "#": kib },
    vcpu: { "@placement": "static", "#": `${vm.vcpus}` },
    os: firmware(vm),
    features: { acpi: {}, apic: {}, ...(isSecure(vm) ? { smm: { "@state": "on" } } : {}) },
    cpu: place.kvm
      ? { "@mode": "host-model", "@check": "partial", model: { "@fallback": "allow" } }
      : { "@mode": "maximum" },
    clock: clock(vm),
    on_poweroff: "destroy",
    on_reboot: "restart",
    on_crash: "restart",
    devices: devices(vm, directory, place),
  };
}

const attributes = (values: Attributes): Node =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`@${name}`, value]));

const isSecure = (vm: VmModel): boolean => vm.firmware.kind === "uefi" && vm.firmware.secureBoot;

function osinfo(id: string): Node {
  return {
    "libosinfo:libosinfo": {
      "@xmlns:libosinfo": "http://libosinfo.org/xmlns/libvirt/domain/1.0",
      "libosinfo:os": { "@id": id },
    },
  };
}

/** libvirt finds the firmware file and makes the store of variables by itself. */
function firmware(vm: VmModel): Node {
  const type = { "@arch": vm.arch === "i386" ? "i686" : vm.arch, "@machine": vm.machine, "#": "hvm" };
  if (vm.firmware.kind === "bios") return { type };
  const enabled = isSecure(vm) ? "yes" : "no";
  return {
    "@firmware": "efi",
    type,
    firmware: {
      feature: [
        { "@enabled": enabled, "@name": "secure-boot" },
        { "@enabled": enabled, "@name": "enrolled-keys" },
      ],
    },
    ...(isSecure(vm) ? { loader: { "@secure": "yes" } } : {}),
  };
}

function clock(vm: VmModel): Node {
  return {
    "@offset": vm.clock === "utc" ? "utc" : "localtime",
    timer: [
      { "@name": "rtc", "@tickpolicy": "catchup" },
      { "@name": "pit", "@tickpolicy": "delay" },
      { "@name": "hpet", "@present": "no" },
    ],
  };
}

function devices(vm: VmModel, directory: string, place: NonNullable<Where["place"]>): DomainNode["devices"] {
  const order = bootOrder(vm.disks);
  const virtio = virtioModel(vm);
  return {
    disk: vm.disks.map((disk, index) => diskOf(disk, { vm, index, order: order[index] ?? 0, directory })),
    interface: vm.nics.map((nic, index) => nicOf(nic, { place, index, virtio })),
    serial: { "@type": "pty", target: { "@port": "0" } },
    console: { "@type": "pty", target: { "@type": "serial", "@port": "0" } },
    channel: {
      "@type": "unix",
      target: { "@type": "virtio", "@name": "org.qemu.guest_agent.0" },
    },
    input: { "@type": "tablet", "@bus": "usb" },
    graphics: { "@type": "vnc", "@port": "-1", "@autoport": "yes", "@listen": "127.0.0.1" },
    video: { model: { "@type": "vga" } },
    ...(virtio === "virtio"
      ? {}
      : { controller: { "@type": "virtio-serial", "@index": "0", "@model": virtio } }),
    memballoon: { "@model": virtio },
    rng: { "@model": virtio, backend: { "@model": "random", "#": "/dev/urandom" } },
  };
}

/** Devices of virtio stand on PCI Express ports of q35, and offer 1.0 alone there, unless their model says otherwise. */
const virtioModel = ({ virtio }: VmModel): "virtio" | "virtio-transitional" =>
  virtio === undefined ? "virtio" : `virtio-${virtio}`;

/** `vda`, `sda`, `hda` ... `vdaa`: only a name for libvirt, the guest chooses its own. */
function targetName(bus: ReturnType<typeof diskBus>, index: number): string {
  const prefix = { virtio: "vd", sata: "sd", ide: "hd" }[bus];
  let letters = "";
  for (let rest = index; rest >= 0; rest = Math.floor(rest / 26) - 1)
    letters = String.fromCharCode(97 + (rest % 26)) + letters;
  return prefix + letters;
}

export const sourceOf = (path: string, { volume }: Pick<VmDisk, "volume">): Node =>
  volume === undefined ? { "@file": path } : { "@dev": path };

function diskOf(disk: VmDisk, where: { vm: VmModel; index: number; order: number; directory: string }): Node {
  const bus = diskBus(disk, where.vm.machine);
  return {
    "@type": disk.volume === undefined ? "file" : "block",
    "@device": "disk",
    ...(bus === "virtio" && where.vm.virtio !== undefined ? { "@model": virtioModel(where.vm) } : {}),
    driver: { "@name": "qemu", "@type": disk.format, "@cache": "none", "@discard": "unmap" },
    source: sourceOf(diskPath(disk, where.directory), disk),
    ...(disk.sectorBytes === 4096
      ? { blockio: { "@logical_block_size": "4096", "@physical_block_size": "4096" } }
      : {}),
    target: { "@dev": targetName(bus, where.index), "@bus": bus },
    boot: { "@order": `${where.order}` },
  };
}

/** A card that nothing is there for hangs on QEMU's own network, its cable unplugged: the VM starts all the same. */
function nicOf(
  { mac, model }: VmNic,
  {
    place,
    index,
    virtio,
  }: { place: NonNullable<Where["place"]>; index: number; virtio: ReturnType<typeof virtioModel> },
): Node {
  const given = place.networks[index];
  const network = given === undefined ? { kind: "libvirt-network", name: "default" } : given;
  const source: Node =
    network === null
      ? { "@type": "user" }
      : network.kind === "libvirt-network"
        ? { "@type": "network", source: { "@network": network.name } }
        : {
            "@type": "bridge",
            source: { "@bridge": network.name },
            ...(network.kind === "ovs-bridge" ? { virtualport: { "@type": "openvswitch" } } : {}),
          };
  const { "@type": type = "user", ...rest } = source;
  return {
    "@type": type,
    mac: { "@address": mac },
    ...rest,
    model: { "@type": model === "virtio" ? virtio : model },
    link: { "@state": place.linkUp && network !== null ? "up" : "down" },
  };
}
