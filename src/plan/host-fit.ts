// SPDX-License-Identifier: Apache-2.0
// Whether a VM can live on this host, said before a byte is copied. Pure.
import {
  formatBytes,
  formatSeconds,
  type HostFacts,
  type HostVm,
  type Hypervisor,
  makeProblem,
  named,
  namesIn,
  type Problem,
  type VmModel,
  type VmPlace,
} from "../core/index.ts";
import { candidates } from "./place.ts";
import { xenProblems } from "./xen.ts";

export type FitNeeds = {
  readonly hypervisor: Hypervisor;
  readonly vm: VmModel;
  readonly place: VmPlace;
  /** A VM of ours may be there already: it is replaced, brought up to date, or its run goes on. */
  readonly ours: boolean;
};

export function checkFit(facts: HostFacts, needs: FitNeeds): readonly Problem[] {
  const { place } = needs;
  if (place.hypervisor === "files") return [];
  const missing = hypervisorProblems(facts, needs);
  if (missing.some(({ severity }) => severity === "stops")) return missing; // nothing else is known then
  return [
    ...missing,
    ...clockProblems(facts),
    ...nameProblems(facts, needs),
    ...macProblems(facts, needs),
    ...memoryProblems(facts, needs),
    ...machineProblems(facts, needs),
    ...cpuProblems(facts, needs),
    ...firmwareProblems(facts, needs),
    ...(place.hypervisor === "xen" && facts.xen !== null ? xenProblems(needs.vm.xen, facts.xen) : []),
    ...networkProblems(facts, needs),
  ];
}

const TITLES = { libvirt: "libvirt", xen: "Xen", proxmox: "Proxmox VE" } as const;
const CLOCK_LIMIT_SECONDS = 120;

/** A VM takes its time from its host when it starts. */
function clockProblems({ clockAheadSeconds: ahead, title }: HostFacts): readonly Problem[] {
  if (ahead.kind === "unknown" || Math.abs(ahead.value) <= CLOCK_LIMIT_SECONDS) return [];
  const far = formatSeconds(Math.abs(ahead.value));
  return [
    makeProblem("host-clock", {
      about: [],
      text: `The clock of ${title} is ${far} ${ahead.value > 0 ? "ahead of" : "behind"} this machine's`,
      advice:
        "Set the one that is wrong (timedatectl): the VM begins with its host's time, and logins and certificates fail with a wrong one",
    }),
  ];
}

function hypervisorProblems(facts: HostFacts, { place }: FitNeeds): readonly Problem[] {
  const kind = place.hypervisor;
  if (kind === "files") return [];
  if (facts[kind] === null)
    return [
      makeProblem("host-hypervisor-missing", {
        about: named("hypervisor", kind),
        text: `${facts.title} has no ${TITLES[kind]}`,
        advice:
          facts.kind === "none"
            ? "Install it there; or choose --hypervisor qemu, then only files are written"
            : `Leave --hypervisor out: it is ${facts.kind} there`,
      }),
    ];
  return facts.problems.filter((problem) => namesIn(problem, "hypervisor").includes(kind));
}

const isOurs = (vm: HostVm, { vm: { uuid }, ours }: FitNeeds): boolean => ours && vm.uuid === uuid;

function nameProblems(facts: HostFacts, needs: FitNeeds): readonly Problem[] {
  const { name } = needs.vm;
  const twin = facts.vms.find((one) => one.name === name && one.on === needs.place.hypervisor);
  if (twin === undefined) return [];
  if (isOurs(twin, needs))
    return twin.running
      ? [
          makeProblem("destination-in-use", {
            about: named("vm", name),
            text: `The VM ${name} runs on ${facts.title}`,
            advice: "Shut it down there, and run the same command again",
          }),
        ]
      : [];
  const text = `${facts.title} has a VM named ${name} already`;
  // Proxmox tells VMs apart by number.
  if (needs.place.hypervisor === "proxmox")
    return [
      makeProblem("destination-name-taken", {
        about: named("vm", name),
        severity: "warns",
        text: text,
        advice: "Choose another --name",
      }),
    ];
  return [
    makeProblem("destination-name-taken", {
      about: named("vm", name),
      text: text,
      advice: "Choose another --name, or remove that VM there",
    }),
  ];
}

function macProblems(facts: HostFacts, needs: FitNeeds): readonly Problem[] {
  return needs.vm.nics.flatMap(({ name, mac }) => {
    const other = facts.vms.find((vm) => !isOurs(vm, needs) && vm.macs.includes(mac));
    if (other === undefined) return [];
    return [
      makeProblem("host-mac-taken", {
        about: [{ kind: "nic", name, mac }, ...named("vm", other.name)],
        text: `The VM ${other.name} on ${facts.title} has the address ${mac} of ${name} already`,
        advice: `Give this one another with --nic ${name}=MAC, or remove that VM`,
      }),
    ];
  });
}

function memoryProblems({ memory, title }: HostFacts, { vm }: FitNeeds): readonly Problem[] {
  if (memory.kind === "unknown") return [];
  const { totalBytes, availableBytes } = memory.value;
  const needed = formatBytes(vm.memoryBytes);
  if (vm.memoryBytes > totalBytes)
    return [
      makeProblem("host-memory", {
        about: [],
        text: `The VM shall have ${needed} of memory, and ${title} has ${formatBytes(totalBytes)} in all`,
        advice: "Give it less with --memory, or choose another host",
      }),
    ];
  if (vm.memoryBytes > availableBytes)
    return [
      makeProblem("host-memory", {
        about: [],
        severity: "warns",
        text: `The VM shall have ${needed} of memory, and ${title} has ${formatBytes(availableBytes)} free now`,
        advice: "Give it less with --memory, or make room there before it is started",
      }),
    ];
  return [];
}

function machineProblems({ libvirt, title }: HostFacts, { vm, place }: FitNeeds): readonly Problem[] {
  if (place.hypervisor !== "libvirt" || libvirt?.withoutPc !== true || vm.machine !== "pc") return [];
  return [
    makeProblem("host-no-machine", {
      about: named("hypervisor", "libvirt"),
      text: `The guest needs IDE disks, on the machine pc (i440fx), and the QEMU of ${title} has none`,
      advice:
        "Choose a host of another distribution (RHEL 10 took it out), or give its kernel virtio first, by extras",
    }),
  ];
}

/** An emulated CPU has every level that QEMU knows. */
function cpuProblems({ cpu, title }: HostFacts, { vm, place }: FitNeeds): readonly Problem[] {
  const emulated = place.hypervisor === "libvirt" && !place.kvm;
  if (emulated || cpu.level.kind === "unknown" || cpu.level.value >= vm.cpuLevel) return [];
  return [
    makeProblem("host-cpu-level", {
      about: [],
      text: `The installed system needs a CPU of level x86-64-v${vm.cpuLevel}, and ${title} has x86-64-v${cpu.level.value}`,
      advice: "Choose a host with a newer CPU; the system would stop at its first instruction of that kind",
    }),
  ];
}

function firmwareProblems(facts: HostFacts, { vm, place }: FitNeeds): readonly Problem[] {
  if (vm.firmware.kind === "bios") return [];
  const { title } = facts;
  const text = `The system starts by UEFI, and ${title} has no UEFI firmware for VMs`;
  const debian = "Install it there (Debian: apt-get install ovmf; Fedora, RHEL: dnf install edk2-ovmf)";
  if (place.hypervisor === "libvirt" && facts.libvirt !== null) {
    if (!facts.libvirt.uefi.plain)
      return [
        makeProblem("host-no-uefi", {
          about: named("hypervisor", place.hypervisor),
          text: text,
          advice: debian,
        }),
      ];
    if (vm.firmware.secureBoot && !facts.libvirt.uefi.secureBoot)
      return [
        makeProblem("host-no-secure-boot", {
          about: named("hypervisor", "libvirt"),
          text: `${text} that knows Secure Boot`,
          advice: debian,
        }),
      ];
  }
  // GRUB for PV and PVH domains reads the disk by itself.
  if (place.hypervisor === "xen" && vm.xen.type === "hvm" && facts.xen?.ovmf === null)
    return [
      makeProblem("host-no-uefi", {
        about: named("hypervisor", place.hypervisor),
        text: text,
        advice: debian,
      }),
    ];
  return [];
}

function networkProblems(facts: HostFacts, { vm, place }: FitNeeds): readonly Problem[] {
  const there = candidates(place.hypervisor, facts.networks);
  const names = [...new Set(there.map(({ name }) => name))].slice(0, 20).join(", ");
  const problems = new Map<string, Problem>();
  for (const [index, network] of place.networks.entries()) {
    if (network === null)
      problems.set(
        "",
        makeProblem("host-no-network", {
          about: [],
          text: `${facts.title} has no network or bridge: ${vm.nics[index]?.name ?? "a card"} is connected to nothing`,
          advice: "Make a bridge there, and run the same command again; or name one with --network",
        }),
      );
    else if (!there.some(({ name }) => name === network.name))
      problems.set(
        network.name,
        makeProblem("host-network-missing", {
          about: named("network", network.name),
          text: `${facts.title} has no network or bridge ${network.name}`,
          advice: names === "" ? "Make it there" : `Choose one of ${names}`,
        }),
      );
    else if (!there.some(({ name, active }) => name === network.name && active))
      problems.set(
        network.name,
        makeProblem("host-network-down", {
          about: named("network", network.name),
          text: `The network ${network.name} on ${facts.title} is not started`,
          advice:
            network.kind === "libvirt-network"
              ? `Start it there: virsh net-start ${network.name}; or choose another with --network`
              : "Bring it up there, or choose another with --network",
        }),
      );
  }
  return [...problems.values()];
}
