// SPDX-License-Identifier: Apache-2.0
// Where on its host a VM belongs: which hypervisor, which networks. Pure.
import type { HostFacts, HostNetwork, Hypervisor, VmModel, VmNetwork, VmPlace } from "../core/index.ts";
import type { HostAnswers } from "./answers.ts";

/** What `auto` comes to: the hypervisor there, or `auto` where none could define a VM. */
export function settleHypervisor(asked: Hypervisor, facts: HostFacts | null): Hypervisor {
  if (asked !== "auto" || facts === null) return asked;
  return facts.kind === "qemu" || facts.kind === "none" ? "auto" : facts.kind;
}

/** `facts` null: a directory of this machine, and nothing is defined. */
export function choosePlace(
  vm: VmModel,
  { hypervisor, facts, host }: { hypervisor: Hypervisor; facts: HostFacts | null; host: HostAnswers },
): VmPlace {
  const kind = hypervisor === "auto" || hypervisor === "qemu" ? "files" : hypervisor;
  const usual = usualNetwork(kind, facts?.networks ?? []);
  return {
    hypervisor: kind,
    kvm: kind === "libvirt" ? (facts?.libvirt?.kvm ?? true) : (facts?.kvm ?? true),
    networks: vm.nics.map(({ name }) => {
      const asked = host.networks.get(name) ?? host.networks.get("*");
      return asked === undefined ? usual : namedNetwork(asked, facts?.networks ?? [], kind);
    }),
    linkUp: host.linkUp,
    autostart: host.autostart,
  };
}

/** A network that is not there is a problem (host-fit.ts), and rendered as it was named. */
function namedNetwork(
  name: string,
  networks: readonly HostNetwork[],
  kind: VmPlace["hypervisor"],
): VmNetwork {
  const found = candidates(kind, networks).find((one) => one.name === name);
  return { kind: found?.kind ?? (kind === "libvirt" ? "libvirt-network" : "bridge"), name };
}

/** Only libvirt knows its own networks; their bridges serve everybody. */
export function candidates(
  kind: VmPlace["hypervisor"],
  networks: readonly HostNetwork[],
): readonly HostNetwork[] {
  if (kind === "libvirt") return networks;
  return networks.flatMap((one) =>
    one.kind !== "libvirt-network"
      ? [one]
      : one.bridge === null
        ? []
        : [{ ...one, kind: "bridge" as const, name: one.bridge }],
  );
}

const USUAL: Readonly<Record<VmPlace["hypervisor"], readonly string[]>> = {
  libvirt: ["default"],
  xen: ["xenbr0", "xapi0", "br0"],
  proxmox: ["vmbr0"],
  files: [],
};

/** A bridge to the real network is better for a server than NAT; a network of that name is what people expect. */
function usualNetwork(kind: VmPlace["hypervisor"], networks: readonly HostNetwork[]): VmNetwork | null {
  const there = candidates(kind, networks);
  const found =
    USUAL[kind].flatMap((name) => there.filter((one) => one.name === name && one.active))[0] ??
    there.find((one) => one.kind !== "libvirt-network" && one.active) ??
    there.find((one) => one.active) ??
    there.find((one) => USUAL[kind].includes(one.name));
  return found === undefined ? null : { kind: found.kind, name: found.name };
}
