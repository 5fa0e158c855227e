// SPDX-License-Identifier: Apache-2.0
// crypttab(5): which encrypted volumes a guest opens, by what names; and what of the given disks these are. Pure.
import type { DiskNames } from "../names/disk-names.ts";
import { findSpec } from "../names/resolve.ts";
import { findNode } from "./graph.ts";
import type { BlockGraph, NodeId } from "../machine.ts";

export type CrypttabLine = {
  /** It is opened as /dev/mapper/NAME. */
  readonly name: string;
  /** `UUID=...`, `/dev/sda2`, `/dev/vg0/root` */
  readonly source: string;
  /** A key file, `/dev/urandom` for a new key at each boot; `none`, `-` or empty: it is asked for. */
  readonly key: string;
  readonly options: readonly string[];
};

/** No system opens as many. */
const MAX_LINES = 1000;

export function parseCrypttab(text: string): readonly CrypttabLine[] {
  const lines: CrypttabLine[] = [];
  for (const line of text.split("\n", 100_000)) {
    const [name = "", source = "", key = "", options = ""] = line.trim().split(/[ \t]+/, 4);
    if (name === "" || name.startsWith("#") || source === "") continue;
    lines.push({ name, source, key, options: options.split(",").filter((one) => one !== "") });
    if (lines.length >= MAX_LINES) break;
  }
  return lines;
}

const CRYPT_WORDS =
  /(?:^|[\s"'])(?:cryptdevice=((?:(?:PART)?(?:UUID|LABEL)=|\/dev\/)[^\s:"']{1,200}):([^\s:"']{1,128})|(?:rd\.)?luks\.name=([0-9A-Fa-f-]{36})=([^\s"']{1,128}))/g;

/**
 * What kernels' words open without a line of crypttab, in whatever text they stand: `cryptdevice=DEVICE:NAME` of Arch's hook
 * `encrypt`, `rd.luks.name=UUID=NAME` of systemd-cryptsetup-generator(8).
 */
export function parseCryptWords(text: string): readonly CrypttabLine[] {
  const found = [...text.matchAll(CRYPT_WORDS)].slice(0, MAX_LINES);
  return found.map(([, device, first, uuid = "", second = ""]) => ({
    name: first ?? second,
    source: device ?? `UUID=${uuid}`,
    key: "",
    options: [],
  }));
}

/** crypttab(5): a new key at each boot, or a new swap or file system (`swap`, `tmp`): what lies there is lost. */
export const losesContent = ({ key, options }: CrypttabLine): boolean =>
  /^\/dev\/(?:u|h|hw)?random$/.test(key) || options.some((word) => /^(?:swap|tmp(?:=.*)?)$/.test(word));

/** The LUKS volume of the given disks that a line opens; null: none of them, or it is encrypted without LUKS. */
export function luksOf(graph: BlockGraph, { source }: CrypttabLine, names?: DiskNames): NodeId | null {
  const id = findSpec(graph, source, names);
  return id !== null && findNode(graph, id)?.holds.kind === "luks" ? id : null;
}

/** What lies in an opened LUKS volume: a file system, swap, a physical volume; null: it is not open. */
export function insideOf(graph: BlockGraph, luks: NodeId): NodeId | null {
  const above = (id: NodeId): NodeId | null => graph.edges.find(({ to }) => to === id)?.from ?? null;
  const crypt = above(luks);
  return crypt === null ? null : above(crypt);
}

/** The LUKS volumes that a node lies in, however deep. */
export function luksBelow(graph: BlockGraph, id: NodeId): readonly NodeId[] {
  const found: NodeId[] = [];
  const seen = new Set<NodeId>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (findNode(graph, next)?.holds.kind === "luks") found.push(next);
    for (const { from, to } of graph.edges) if (from === next) open.push(to);
  }
  return found;
}
