// SPDX-License-Identifier: Apache-2.0
// What raises the network: each card of the VM, the name that it gets in the guest, and what configures that name.
import {
  type ChainLink,
  type GuestInterface,
  guestFiles,
  type IntendedNic,
  type InterfaceClaim,
  type InterfaceConfig,
  type Kernel,
  type Subject,
} from "../../core/index.ts";
import {
  type DefaultRoute,
  isPhysicalName,
  readAutomatic,
  readCloudInit,
  readDefaultRoutes,
  readGuestInterfaces,
  readNetworkSetup,
  rivalsOf,
  type Surroundings,
  type Unused,
  withGuestNames,
} from "../../inspect/index.ts";
import { assumed, broken, type Ground, proven } from "../ground.ts";
import { kernelWords } from "../words.ts";
import { layerLinks } from "./layers.ts";

const place = "network";
const MAX_LINKS = 8;

type Started = { readonly kernel: Kernel | null; readonly words: string | null };

export async function readNetworkLinks(
  { kernel, words }: Started,
  ground: Ground,
): Promise<readonly ChainLink[]> {
  const { interfaces, unused, unsure, claims } = await readGuestInterfaces(
    ground.view,
    surroundings(words, ground),
  );
  const { nics } = ground.intent;
  const ignoredFiles = await findIgnored(interfaces, ground);
  const automatic = await readAutomatic(ground.view);
  const cards = nics.map((nic) => ({
    nic,
    link: judgeCard(nic, { interfaces, unused, unsure, automatic, claims, ignoredFiles, kernel, ground }),
  }));
  const links = cards.map(({ link }) => link);
  const carried = (found: GuestInterface): boolean =>
    nics.some(({ name, mac }) => found.name === name || found.mac === mac);
  for (const found of interfaces)
    if (found.configured.kind !== "none" && !carried(found)) links.push(withoutCard(found));
  const setup = await readNetworkSetup(ground.view);
  links.push(
    ...layerLinks(withGuestNames(setup?.links ?? [], [...nics, ...interfaces]), { cards, interfaces }),
  );
  links.push(...rivalRoutes(await readDefaultRoutes(ground.view), ground));
  const rewritten = nics.length > 0 && (await findRewriter(words, ground));
  if (rewritten) links.unshift(rewritten);
  if (links.length === 0)
    return [assumed(place, { text: "none", why: "neither the machine nor the guest has a card" })];
  return worstOf(links);
}

/** A hypervisor has a hundred VLANs: of too many links what breaks is told first, and how many more there are. */
function worstOf(links: readonly ChainLink[]): readonly ChainLink[] {
  if (links.length <= MAX_LINKS) return links;
  const ranked = (["broken", "assumed", "proven"] as const).flatMap((verdict) =>
    links.filter((link) => link.verdict === verdict),
  );
  const told = new Set(ranked.slice(0, MAX_LINKS - 1));
  const rest = ranked.slice(MAX_LINKS - 1);
  const brokenOnes = rest.filter(({ verdict }) => verdict === "broken").length;
  const why = `left out here; of these ${brokenOnes === 0 ? "none is" : `${brokenOnes} are`} broken`;
  const text = `${rest.length} more links of the network`;
  return [
    ...links.filter((link) => told.has(link)),
    brokenOnes === 0
      ? assumed(place, { text, why })
      : broken(place, { text, why, advice: "As for those above" }),
  ];
}

/** cloud-init, where it may write the network anew before anything raises it. */
async function findRewriter(words: string | null, { view }: Ground): Promise<ChainLink | null> {
  const found = await readCloudInit(view);
  if (found === null || found.leavesNetwork || /\bcloud-init=disabled\b/.test(words ?? "")) return null;
  return assumed(place, {
    text: "cloud-init",
    why: `it set the machine up${found.source === null ? "" : ` from ${found.source}`}; where it takes the VM for a new one, it writes DHCP on the first card over what is there`,
  });
}

/** What files may ask of the VM's cards beside names and addresses. */
function surroundings(words: string | null, { vm, platform }: Ground): readonly Surroundings[] {
  const isXen = platform === "xen";
  return vm.nics.map(({ model }) => ({
    // ethtool calls Xen's "vif", and the module has another name.
    drivers: isXen ? ["vif", "xen_netfront", "xen-netfront"] : [model === "virtio" ? "virtio_net" : model],
    path: isXen ? "xen-vif-" : "pci-",
    words: words === null ? null : kernelWords(words),
    virtualization: ["yes", "true", "1", "on", "vm", ...(isXen ? ["xen"] : ["kvm", "qemu"])],
  }));
}

/** Services that raise what a file configures, by the file's place. */
const SERVICES: readonly (readonly [place: RegExp, service: string])[] = [
  [/^\/etc\/network\//, "networking.service"],
  [/^\/etc\/NetworkManager\//, "NetworkManager.service"],
  [/^\/etc\/systemd\/network\//, "systemd-networkd.service"],
  [/^\/etc\/sysconfig\/network\//, "wicked.service"],
];

/** Why nobody reads a file: its service is masked, or NetworkManager finds its mode too open (NetworkManager.conf(5)). */
async function findIgnored(
  interfaces: readonly GuestInterface[],
  { view }: Ground,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const from of new Set(interfaces.map((one) => one.from))) {
    const service = SERVICES.find(([where]) => where.test(from))?.[1];
    const unit =
      service === undefined ? null : await view.state(`/etc/systemd/system/${service}`).catch(() => null);
    if (unit?.kind === "link" && unit.target === "/dev/null") found.set(from, `${service} is masked`);
    const file = /\/system-connections\//.test(from) ? await view.state(from).catch(() => null) : null;
    if (file?.kind === "bytes" && ((file.mode & 0o077) !== 0 || file.uid !== 0))
      found.set(from, "NetworkManager takes files of root with mode 0600 only");
  }
  return found;
}

type Context = {
  readonly ignoredFiles: ReadonlyMap<string, string>;
  readonly interfaces: readonly GuestInterface[];
  readonly unused: readonly Unused[];
  readonly unsure: ReadonlyMap<string, string>;
  /** What raises a card that no file names. */
  readonly automatic: string | null;
  readonly claims: readonly InterfaceClaim[];
  readonly kernel: Kernel | null;
  readonly ground: Ground;
};

function judgeCard(
  nic: IntendedNic,
  { interfaces, unused, unsure, automatic, claims, ignoredFiles, kernel, ground }: Context,
): ChainLink {
  const about: readonly Subject[] = [{ kind: "nic", name: nic.name, mac: nic.mac }];
  const driver = lackingDriver(nic, { kernel, ground });
  if (driver !== null)
    return broken(place, {
      text: nic.name,
      why: `Linux ${kernel?.version ?? ""} has no ${driver}, the driver of the VM's card`,
      advice: "Install a newer kernel on the machine, or give the VM a card of the kind e1000",
      about,
    });
  const isOf = (how: "name" | "mac") => (one: GuestInterface) => one[how] === nic[how];
  const found = interfaces.find(isOf("name")) ?? interfaces.find(isOf("mac"));
  const lost = unused.find(isOf("name")) ?? unused.find(isOf("mac"));
  if ((found === undefined || found.configured.kind === "none") && lost !== undefined)
    return broken(place, {
      text: `${nic.name}: ${describe(lost.configured)}`,
      why: `${lost.from} asks for ${lost.lost}, which the VM's card does not meet: it is not used`,
      advice: `Let it find its card by name in place of that, on the machine or in the VM at its console`,
      about: [...about, ...guestFiles(lost.from)],
    });
  if (found === undefined || found.configured.kind === "none")
    return assumed(place, {
      text: `${nic.name}: ${automatic === null ? "nothing that is read here configures it" : "no file configures it"}`,
      why: automatic ?? "no file that is read here asks for an address on it at boot",
      about,
    });
  const text = `${nic.name}: ${describe(found.configured)}`;
  const ignored = ignoredFiles.get(found.from);
  if (ignored !== undefined)
    return broken(place, {
      text,
      why: `${found.from}: ${ignored}`,
      advice: `Correct that on the machine, or in the VM at its console`,
      about,
    });
  const files = [...about, ...guestFiles(found.from)];
  const wanted = claims.flatMap(({ name, from, by }) =>
    name === found.name && from === found.from && by.kind === "address" && by.how === "finds" ? [by.mac] : [],
  );
  if (wanted.length > 0 && !wanted.includes(nic.mac))
    return broken(place, {
      text,
      why: `${found.from} is for the card ${wanted.join(", ")}, and the VM's has ${nic.mac}: it is not used`,
      advice: `Correct the address there, or give the VM's card that one with --nic ${nic.name}=MAC`,
      about: files,
    });
  const asked = unsure.get(found.from);
  if (asked !== undefined)
    return assumed(place, {
      text,
      why: `${found.from} asks for ${asked}: whether the VM meets that is not known`,
      about: files,
    });
  return found.mac === nic.mac
    ? proven(place, {
        text,
        why: `${found.from}; the name is tied to the card's address ${nic.mac}`,
        about: files,
      })
    : assumed(place, {
        text,
        why: `${found.from}; that the card gets this name is not tied to its address`,
        about: files,
      });
}

/** Two ways out: the VM uses one of them, and which one is chance, there as on the machine. */
function rivalRoutes(
  sources: readonly (readonly DefaultRoute[])[],
  { intent: { nics } }: Ground,
): readonly ChainLink[] {
  const isHere = ({ name, mac }: DefaultRoute): boolean =>
    nics.some((nic) => nic.name === name || nic.mac === mac) || (name !== null && !isPhysicalName(name));
  const rivals = sources.flatMap((routes) => rivalsOf(routes.filter(isHere)));
  return rivals.slice(0, 2).map((all) => {
    const ways = all
      .slice(0, 4)
      .map(({ name, mac, via }) => `${via} by ${name ?? nics.find((nic) => nic.mac === mac)?.name ?? mac}`);
    const files = [...new Set(all.map(({ from }) => from))];
    return assumed(place, {
      text: `${all.length} default routes: ${ways.join(", ")}`,
      why: `${files.join(", ")}: all are of ${all[0]?.place}, so which one is used follows from the order in which they come up`,
      advice: "Give them metrics, or leave one out, on the machine or in the VM",
      about: guestFiles(...files),
    });
  });
}

function withoutCard({ name, mac, from, configured }: GuestInterface): ChainLink {
  return broken(place, {
    text: `${name}: ${describe(configured)}`,
    why: `${from} configures ${name}, and no card of the VM has ${mac === null ? "that name" : `that name or the address ${mac}`}`,
    advice: `Give the VM a card for it (--nic ${name}=MAC), or take it out of ${from}`,
    about: [{ kind: "nic", name, mac }, ...guestFiles(from)],
  });
}

function describe(configured: InterfaceConfig): string {
  switch (configured.kind) {
    case "dhcp":
      return "DHCP";
    case "static":
      return (
        configured.addresses.join(", ") + (configured.gateway === null ? "" : ` by ${configured.gateway}`)
      );
    case "port":
      return `part of ${configured.of}`;
    case "none":
      return "not configured";
  }
}

function lackingDriver(
  nic: IntendedNic,
  { kernel, ground }: { kernel: Kernel | null; ground: Ground },
): string | null {
  const model = ground.vm.nics.find(({ mac }) => mac === nic.mac)?.model;
  const driver = ground.platform === "xen" ? "xen-netfront" : model === "virtio" ? "virtio_net" : null;
  return driver !== null && kernel?.has[driver] === "absent" ? driver : null;
}
