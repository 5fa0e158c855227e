// SPDX-License-Identifier: Apache-2.0
// The devices and files that GRUB 2 would see in the VM.
import {
  type BlockGraph,
  findSpec,
  type NodeId,
  nodesAbove,
  parseGrubDevice,
  partitionId,
  resolveSpec,
} from "../../core/index.ts";
import { type Ground, listOr, notReadToEnd, readMenuText } from "../ground.ts";
import { firmwareOrder, pathsIn, titleOf } from "../places.ts";
import { parseEntry, sortEntries } from "../loaders/boot-spec.ts";
import { parseGrub } from "./parse.ts";
import type { Device } from "./load.ts";
import type { GrubWorld, MenuEntry } from "./run.ts";

const MAX_ENTRIES = 500;

export function grubWorld(ground: Ground): GrubWorld {
  const { view, guest, intent } = ground;
  const graph = intent.storage;
  const deviceOf = (node: NodeId | null): Device =>
    node === null ? null : { node, title: titleOf(intent, node) };
  const find = async (device: Device, path: string): Promise<string | null> => {
    for (const candidate of device === null ? [] : pathsIn(guest, device.node, path)) {
      const found = await view.resolve(candidate);
      if (found !== null) return found;
    }
    return null;
  };
  const read = async (device: Device, path: string): Promise<string | null> => {
    const found = await find(device, path);
    return found === null ? null : await readMenuText(view, found);
  };
  return {
    device: (name) => deviceOf(nodeOfName(name, ground)),
    async search(kind, value) {
      if (value === "") return null;
      if (kind === "file") {
        for (const { id, holds } of graph.nodes)
          if (holds.kind === "filesystem" && (await find(deviceOf(id), value)) !== null) return deviceOf(id);
        return null;
      }
      // GRUB takes the first that it finds.
      const found = resolveSpec(graph, `${kind === "uuid" ? "UUID" : "LABEL"}=${value}`);
      return deviceOf(
        found.kind === "found" ? found.node : found.kind === "unclear" ? (found.nodes[0] ?? null) : null,
      );
    },
    read,
    exists: async (device, path) => (await find(device, path)) !== null,
    async bootEntries(device, variables) {
      const entries: MenuEntry[] = [];
      for (const directory of device === null ? [] : bootSpecDirectories(guest, device.node)) {
        const names = (await listOr(view, directory)).filter((name) => name.endsWith(".conf"));
        if (names.length > MAX_ENTRIES) throw notReadToEnd(directory, `more than ${MAX_ENTRIES} entries`);
        for (const name of sortEntries(names)) {
          const text = await readMenuText(view, `${directory}/${name}`);
          if (text !== null) entries.push(menuEntry(name, text, variables));
        }
        if (entries.length > 0) break;
      }
      return entries;
    },
  };
}

/** blscfg reads /loader/entries of the device that holds /boot (Fedora: grub2's 0106-blscfg). */
const bootSpecDirectories = (guest: Ground["guest"], node: NodeId): readonly string[] => [
  ...pathsIn(guest, node, "/loader/entries"),
  ...pathsIn(guest, node, "/boot/loader/entries"),
];

function menuEntry(name: string, text: string, variables: ReadonlyMap<string, string>): MenuEntry {
  const { title, kernel, options, initramfs, users } = parseEntry(text);
  const unset = new Set<string>();
  const expand = (value: string): string =>
    value.replaceAll(/\$\{?(\w+)\}?/g, (_, key: string) => {
      if (!variables.has(key)) unset.add(key);
      return variables.get(key) ?? "";
    });
  const mayStart = expand(users);
  unset.clear();
  const words = expand(options === "" ? "$default_kernelopts" : options);
  const initrd = initramfs
    .map((path) => path.replaceAll(/\$\{?\w+\}?/g, "").trim())
    .filter((path) => path !== "");
  const body = [
    ...(kernel === null
      ? []
      : [
          `linux '${quoted(kernel)}' ${words
            .split(/\s+/)
            .map((word) => `'${quoted(word)}'`)
            .join(" ")}`,
        ]),
    ...(initrd.length === 0 ? [] : [`initrd ${initrd.map((path) => `'${quoted(path)}'`).join(" ")}`]),
  ];
  return {
    title,
    id: name.replace(/\.conf$/, ""),
    entries: [],
    body: parseGrub(body.join("\n")),
    // Without users it is free for all, other than a `menuentry` (Fedora: blscfg.c).
    users: mayStart === "" ? null : mayStart,
    unset: [...unset],
  };
}

const quoted = (text: string): string => text.replaceAll(/['\n\r]/g, "");

/** A device name of GRUB in the VM: its firmware counts the disk that boots as the first. */
function nodeOfName(name: string, ground: Ground): NodeId | null {
  const { intent, vm } = ground;
  const graph = intent.storage;
  if (name.startsWith("node:")) return name.slice("node:".length);
  const volume = /^lvm(?:id)?\/(.+)$/.exec(name)?.[1];
  if (volume !== undefined)
    return fileSystemOn(graph, findSpec(graph, `/dev/mapper/${volume}`) ?? lvmById(graph, volume));
  const array = /^md(?:uuid)?\/(.+)$/.exec(name)?.[1];
  if (array !== undefined) return fileSystemOn(graph, arrayNode(graph, array));
  const parsed = parseGrubDevice(name);
  if (parsed?.kind !== "hardware" || parsed.disk.by !== "firmware") return null;
  const number = firmwareOrder(vm, intent)[parsed.disk.index];
  if (number === undefined) return null;
  const id = parsed.partition === null ? `disk:${number}` : partitionId(`disk:${number}`, parsed.partition);
  return graph.nodes.some((node) => node.id === id) ? fileSystemOn(graph, id) : null;
}

function fileSystemOn({ nodes, edges }: BlockGraph, id: NodeId | null): NodeId | null {
  if (id === null) return null;
  if (nodes.some((node) => node.id === id && node.holds.kind === "filesystem")) return id;
  const above = nodesAbove({ nodes, edges }, id).find(({ holds }) => holds.kind === "filesystem");
  return above?.id ?? id;
}

/** `lvmid/GROUP-UUID/VOLUME-UUID`. */
function lvmById({ nodes }: BlockGraph, name: string): NodeId | null {
  const uuid = name.split("/").at(-1)?.replaceAll("-", "") ?? "";
  return (
    nodes.find(({ holds }) => holds.kind === "lvm-lv" && holds.uuid.replaceAll("-", "") === uuid)?.id ?? null
  );
}

/** `mduuid/HEX` or `md/NAME`. */
function arrayNode({ nodes }: BlockGraph, name: string): NodeId | null {
  const plain = (uuid: string): string => uuid.replaceAll(/[^0-9a-f]/gi, "").toLowerCase();
  return (
    nodes.find(
      ({ holds }) =>
        holds.kind === "md" &&
        (holds.name === name || (plain(holds.uuid) !== "" && plain(holds.uuid) === plain(name))),
    )?.id ?? null
  );
}
