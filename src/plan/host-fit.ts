// SPDX-License-Identifier: Apache-2.0
// Whether a VM can live on this host, said before a byte is copied. Pure.
import {
  formatBytes,
  formatSeconds,
  type HostFacts,
  type HostVm,
  type Hypervisor,
  makeProblem,
  type Problem,
  type ProblemCode,
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
    ...cpuProblems(facts, needs),
    ...firmwareProblems(facts, needs),
    ...(place.hypervisor === "xen" && facts.xen !== null ? xenProblems(needs.vm.xen, facts.xen) : []),
    ...networkProblems(facts, needs),
  ];
}

const TITLES = { libvirt: "libvirt", xen: "Xen", proxmox: "Proxmox VE" } as const;
/** First words of the codes of HostFacts.problems, by hypervisor. */
const OWN_CODES = { libvirt: "host-libvirt-", xen: "host-xl-", proxmox: "host-qm-" } as const;

const stops = (code: ProblemCode, text: string, advice: string): Problem =>
  makeProblem(code, {
    severity: "stops",
    text,
    advice,
  });
const warns = (code: ProblemCode, text: string, advice: string): Problem =>
  makeProblem(code, {
    severity: "warns",
    text,
    advice,
  });

const CLOCK_LIMIT_SECONDS = 120;

/** A VM takes its time from its host when it starts. */
function clockProblems({ clockAheadSeconds: ahead, title }: HostFacts): readonly Problem[] {
  if (ahead.kind === "unknown" || Math.abs(ahead.value) <= CLOCK_LIMIT_SECONDS) return [];
  const far = formatSeconds(Math.abs(ahead.value));
  return [
    warns(
      "host-clock",
      `The clock of ${title} is ${far} ${ahead.value > 0 ? "ahead of" : "behind"} this machine's`,
      "Set the one that is wrong (timedatectl): the VM begins with its host's time, and logins and certificates fail with a wrong one",
    ),
  ];
}

function hypervisorProblems(facts: HostFacts, { place }: FitNeeds): readonly Problem[] {
  const kind = place.hypervisor;
  if (kind === "files") return [];
  if (facts[kind] === null)
    return [
      stops(
        "host-hypervisor-missing",
        `${facts.title} has no ${TITLES[kind]}`,
        facts.kind === "none"
          ? "Install it there; or choose --hypervisor qemu, then only files are written"
          : `Leave --hypervisor out: it is ${facts.kind} there`,
      ),
    ];
  return facts.problems.filter(({ code }) => code.startsWith(OWN_CODES[kind]));
}

const isOurs = (vm: HostVm, { vm: { uuid }, ours }: FitNeeds): boolean => ours && vm.uuid === uuid;

function nameProblems(facts: HostFacts, needs: FitNeeds): readonly Problem[] {
  const { name } = needs.vm;
  const twin = facts.vms.find((one) => one.name === name && one.on === needs.place.hypervisor);
  if (twin === undefined) return [];
  if (isOurs(twin, needs))
    return twin.running
      ? [
          stops(
            "destination-in-use",
            `The VM ${name} runs on ${facts.title}`,
            "Shut it down there, and run the same command again",
          ),
        ]
      : [];
  const text = `${facts.title} has a VM named ${name} already`;
  // Proxmox tells VMs apart by number.
  if (needs.place.hypervisor === "proxmox")
    return [warns("destination-name-taken", text, "Choose another --name")];
  return [stops("destination-name-taken", text, "Choose another --name, or remove that VM there")];
}

function macProblems(facts: HostFacts, needs: FitNeeds): readonly Problem[] {
  return needs.vm.nics.flatMap(({ name, mac }) => {
    const other = facts.vms.find((vm) => !isOurs(vm, needs) && vm.macs.includes(mac));
    if (other === undefined) return [];
    return [
      stops(
        "host-mac-taken",
        `The VM ${other.name} on ${facts.title} has the address ${mac} of ${name} already`,
        `Give this one another with --nic ${name}=MAC, or remove that VM`,
      ),
    ];
  });
}

function memoryProblems({ memory, title }: HostFacts, { vm }: FitNeeds): readonly Problem[] {
  if (memory.kind === "unknown") return [];
  const { totalBytes, availableBytes } = memory.value;
  const needed = formatBytes(vm.memoryBytes);
  if (vm.memoryBytes > totalBytes)
    return [
      stops(
        "host-memory",
        `The VM shall have ${needed} of memory, and ${title} has ${formatBytes(totalBytes)} in all`,
        "Give it less with --memory, or choose another host",
      ),
    ];
  if (vm.memoryBytes > availableBytes)
    return [
      warns(
        "host-memory",
        `The VM shall have ${needed} of memory, and ${title} has ${formatBytes(availableBytes)} free now`,
        "Give it less with --memory, or make room there before it is started",
      ),
    ];
  return [];
}

/** An emulated CPU has every level that QEMU knows. */
function cpuProblems({ cpu, title }: HostFacts, { vm, place }: FitNeeds): readonly Problem[] {
  const emulated = place.hypervisor === "libvirt" && !place.kvm;
  if (emulated || cpu.level.kind === "unknown" || cpu.level.value >= vm.cpuLevel) return [];
  return [
    stops(
      "host-cpu-level",
      `The installed system needs a CPU of level x86-64-v${vm.cpuLevel}, and ${title} has x86-64-v${cpu.level.value}`,
      "Choose a host with a newer CPU; the system would stop at its first instruction of that kind",
    ),
  ];
}

function firmwareProblems(facts: HostFacts, { vm, place }: FitNeeds): readonly Problem[] {
  if (vm.firmware.kind === "bios") return [];
  const { title } = facts;
  const text = `The system starts by UEFI, and ${title} has no UEFI firmware for VMs`;
  const debian = "Install it there (Debian: apt-get install ovmf; Fedora, RHEL: dnf install edk2-ovmf)";
  if (place.hypervisor === "libvirt" && facts.libvirt !== null) {
    if (!facts.libvirt.uefi.plain) return [stops("host-no-uefi", text, debian)];
    if (vm.firmware.secureBoot && !facts.libvirt.uefi.secureBoot)
      return [stops("host-no-secure-boot", `${text} that knows Secure Boot`, debian)];
  }
  // GRUB for PV and PVH domains reads the disk by itself.
  if (place.hypervisor === "xen" && vm.xen.type === "hvm" && facts.xen?.ovmf === null)
    return [stops("host-no-uefi", text, debian)];
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
        warns(
          "host-no-network",
          `${facts.title} has no network or bridge: ${vm.nics[index]?.name ?? "a card"} is connected to nothing`,
          "Make a bridge there, and run the same command again; or name one with --network",
        ),
      );
    else if (!there.some(({ name }) => name === network.name))
      problems.set(
        network.name,
        stops(
          "host-network-missing",
          `${facts.title} has no network or bridge ${network.name}`,
          names === "" ? "Make it there" : `Choose one of ${names}`,
        ),
      );
    else if (!there.some(({ name, active }) => name === network.name && active))
      problems.set(
        network.name,
        warns(
          "host-network-down",
          `The network ${network.name} on ${facts.title} is not started`,
          network.kind === "libvirt-network"
            ? `Start it there: virsh net-start ${network.name}; or choose another with --network`
            : "Bring it up there, or choose another with --network",
        ),
      );
  }
  return [...problems.values()];
}
