// SPDX-License-Identifier: Apache-2.0
// modules.dep as text for busybox, and as the index that kmod reads in its place: a trie in big-endian numbers (kmod:
// libkmod/libkmod-index.c; magic 0xB007F457, version 2.1). Pure.

const MAGIC = 0xb007f457;
const VERSION = 0x0002_0001;
const PREFIX = 0x8000_0000;
const VALUES = 0x4000_0000;
const CHILDREN = 0x2000_0000;

export type DepLine = {
  /** With underscores: the key under which kmod looks it up. */
  readonly name: string;
  /** Relative to /lib/modules/RELEASE, as are those it needs: direct ones first, as depmod writes them. */
  readonly path: string;
  readonly needs: readonly string[];
};

/** `base`: absolute in indexes of module-init-tools before 3.5 (`/lib/modules/2.6.18/`), else empty. */
export function renderModulesDep(lines: readonly DepLine[], base = ""): string {
  return lines.map((line) => `${base}${renderLine(line, base)}\n`).join("");
}

function renderLine({ path, needs }: DepLine, base: string): string {
  return `${path}:${needs.map((need) => ` ${base}${need}`).join("")}`;
}

export function renderModulesDepBin(lines: readonly DepLine[]): Buffer {
  const root: Node = { prefix: "", children: new Map(), values: [] };
  for (const [priority, line] of lines.entries())
    insert(root, line.name, { priority, text: renderLine(line, "") });
  const parts: Buffer[] = [Buffer.alloc(12)];
  const at = { end: 12 };
  const rootOffset = write(root, parts, at);
  const head = parts[0] ?? Buffer.alloc(12);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(VERSION, 4);
  head.writeUInt32BE(rootOffset, 8);
  return Buffer.concat(parts);
}

type Value = { readonly priority: number; readonly text: string };
type Node = { prefix: string; children: Map<number, Node>; values: Value[] };

function insert(root: Node, key: string, value: Value): void {
  let node = root;
  let rest = key;
  for (;;) {
    let common = 0;
    while (common < node.prefix.length && common < rest.length && node.prefix[common] === rest[common])
      common += 1;
    if (common < node.prefix.length) split(node, common);
    rest = rest.slice(common);
    if (rest === "") {
      node.values.push(value);
      return;
    }
    const char = rest.charCodeAt(0);
    rest = rest.slice(1);
    let child = node.children.get(char);
    if (child === undefined) {
      child = { prefix: rest, children: new Map(), values: [] };
      node.children.set(char, child);
    }
    node = child;
  }
}

function split(node: Node, at: number): void {
  const lower: Node = { prefix: node.prefix.slice(at + 1), children: node.children, values: node.values };
  const char = node.prefix.charCodeAt(at);
  node.prefix = node.prefix.slice(0, at);
  node.children = new Map([[char, lower]]);
  node.values = [];
}

/** Children come before their parents; returns the node's place with its flags in the upper bits. */
function write(node: Node, parts: Buffer[], at: { end: number }): number {
  const chars = [...node.children.keys()].toSorted((a, b) => a - b);
  const [first, last] = [chars[0] ?? 0, chars.at(-1) ?? 0];
  const places = new Map(chars.map((char) => [char, write(node.children.get(char) ?? node, parts, at)]));
  const bytes: Buffer[] = [];
  let flags = 0;
  if (node.prefix !== "") {
    flags += PREFIX;
    bytes.push(Buffer.from(`${node.prefix}\0`, "latin1"));
  }
  if (chars.length > 0) {
    flags += CHILDREN;
    bytes.push(Buffer.from([first, last]));
    for (let char = first; char <= last; char += 1) bytes.push(uint32(places.get(char) ?? 0));
  }
  if (node.values.length > 0) {
    flags += VALUES;
    bytes.push(uint32(node.values.length));
    for (const { priority, text } of node.values)
      bytes.push(uint32(priority), Buffer.from(`${text}\0`, "latin1"));
  }
  const all = Buffer.concat(bytes);
  const place = at.end;
  parts.push(all);
  at.end += all.length;
  return place + flags;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
