// SPDX-License-Identifier: Apache-2.0
// The block graph as a tree with columns: a row for each disk, partition and volume, with what it holds on the same row.
import {
  type BlockGraph,
  type BlockNode,
  formatBytes,
  type Holds,
  isWithin,
  type NodeId,
  pathsToDisks,
  unreachable,
} from "../../core/index.ts";
import { breakText, columnsOf, cutTo, padTo, printable } from "../text/columns.ts";

type Options = { readonly ascii: boolean; readonly width: number };
type Row = {
  readonly branch: string;
  readonly below: string;
  readonly name: string;
  readonly size: string;
  readonly what: string;
};
type Marks = { readonly tee: string; readonly end: string; readonly bar: string };

const PLAIN: Marks = { tee: "|-", end: "`-", bar: "| " };
const DRAWN: Marks = { tee: "├─", end: "└─", bar: "│ " };
const MAX_NAME = 28;
/** Real graphs have about six layers (partition, array, encryption, volume ...). */
const MAX_DEPTH = 12;
const MAX_ROWS = 10_000;

/** Lines of at most `width` columns. */
export function printStorage(graph: BlockGraph, { ascii, width }: Options): readonly string[] {
  const rows = makeRows(graph, ascii ? PLAIN : DRAWN).map((row) => ({
    ...row,
    name: printable(row.name, { ascii }),
    what: printable(row.what, { ascii }),
  }));
  const names = Math.min(MAX_NAME, Math.max(4, ...rows.map((row) => columnsOf(row.branch + row.name))));
  const sizes = Math.max(4, ...rows.map((row) => row.size.length));
  const rest = width - names - sizes - 4;
  const lines = [`${padTo("NAME", names)}  ${"SIZE".padStart(sizes)}  WHAT`];
  for (const { branch, below, name, size, what } of rows) {
    const [first = "", ...more] = breakText(what, rest);
    const head = padTo(cutTo(branch + name, names), names);
    lines.push(`${head}  ${size.padStart(sizes)}  ${first}`.trimEnd());
    for (const line of more)
      lines.push(`${padTo(cutTo(below, names), names)}  ${" ".repeat(sizes)}  ${line}`);
  }
  if (rows.length >= MAX_ROWS) lines.push(`Only the first ${MAX_ROWS} rows are shown`);
  return lines;
}

function makeRows(graph: BlockGraph, marks: Marks): readonly Row[] {
  const tree = makeTree(graph);
  const rows: Row[] = [];
  const shown = new Map<NodeId, string>();
  const firstPaths = new Map(
    [...pathsToDisks(graph).values()].flatMap(([first, ...more]) => more.map(({ id }) => [id, first?.path])),
  );
  const add = (
    node: BlockNode,
    parent: BlockNode | null,
    place: { stem: string; mark: string; depth: number },
  ): void => {
    if (rows.length >= MAX_ROWS) return;
    const name = nameOf(node, parent);
    const contents = tree.contentsOf(node);
    const children = tree.childrenOf(node, contents);
    const firstPath = firstPaths.get(node.id);
    const isSeen = shown.has(node.id) || firstPath !== undefined;
    const isLast = place.mark !== marks.tee;
    const stem = place.mark === "" ? "" : place.stem + (isLast ? "  " : marks.bar);
    const isTooDeep = children.length > 0 && place.depth >= MAX_DEPTH;
    const showsChildren = !isSeen && children.length > 0 && !isTooDeep;
    rows.push({
      branch: place.stem + place.mark,
      below: stem + (showsChildren ? marks.bar : ""),
      name,
      size: formatBytes(node.sizeBytes),
      what:
        firstPath !== undefined
          ? `another path to ${firstPath}`
          : isSeen
            ? `${kindOf(node.holds)}, as above`
            : `${describe(node, contents, children.length > 0)}${isTooDeep ? "; what lies above is not shown" : ""}`,
    });
    shown.set(node.id, name);
    if (showsChildren)
      for (const [index, child] of children.entries())
        add(child, node, {
          stem,
          mark: index === children.length - 1 ? marks.end : marks.tee,
          depth: place.depth + 1,
        });
  };
  for (const root of tree.roots) add(root, null, { stem: "", mark: "", depth: 0 });
  return rows;
}

/** Kinds of nodes that get a row of their own; the others are contents of the node below them. */
const VOLUMES: ReadonlySet<Holds["kind"]> = new Set(["disk", "partition", "lvm-lv", "md", "crypt"]);

type Tree = {
  readonly roots: readonly BlockNode[];
  contentsOf(node: BlockNode): readonly BlockNode[];
  childrenOf(node: BlockNode, contents: readonly BlockNode[]): readonly BlockNode[];
};

function makeTree(graph: BlockGraph): Tree {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const above = new Map<NodeId, BlockNode[]>();
  const upper = new Map<NodeId, number>();
  for (const { from, to } of graph.edges) {
    const node = nodes.get(from);
    if (node === undefined || !nodes.has(to)) continue;
    upper.set(from, (upper.get(from) ?? 0) + 1);
    const those = above.get(to);
    if (those === undefined) above.set(to, [node]);
    else those.push(node);
  }
  // A content lies on exactly one node, and takes its name from it: `part:sda1/fs`.
  const isContent = (node: BlockNode, on: BlockNode): boolean =>
    !VOLUMES.has(node.holds.kind) && isWithin(node.id, on.id);
  const on = (node: BlockNode): readonly BlockNode[] => above.get(node.id) ?? [];
  return {
    roots: graph.nodes.filter((node) => !upper.has(node.id)),
    contentsOf: (node) => on(node).filter((one) => isContent(one, node)),
    childrenOf: (node, contents) => [
      ...on(node).filter((one) => !isContent(one, node)),
      ...contents.flatMap((content) => on(content)),
    ],
  };
}

/** Partitions of an image have no path of their own. */
function nameOf(node: BlockNode, parent: BlockNode | null): string {
  const { holds, path } = node;
  if (holds.kind === "lvm-lv" || holds.kind === "md") return holds.name;
  if (holds.kind === "crypt") return "opened";
  if (holds.kind === "partition" && parent?.path === path) return `partition ${holds.number}`;
  const name = path.replace(/^\/dev\/(mapper\/)?/, "");
  return columnsOf(name) > MAX_NAME ? (name.split("/").at(-1) ?? name) : name;
}

function describe(node: BlockNode, contents: readonly BlockNode[], isUsed: boolean): string {
  const parts = [
    own(node, saysTable(node.holds, contents, isUsed)),
    ...contents.map(({ holds }) => describeContent(holds)),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

const TABLES = {
  gpt: "GPT",
  mbr: "MBR",
  none: "no partition table",
  unknown: "partition table unknown",
} as const;

/** What lies on a disk says more than that it has no table, and why nobody could look says that of the table too. */
function saysTable(holds: Holds, contents: readonly BlockNode[], isUsed: boolean): boolean {
  const table = holds.kind === "disk" ? holds.table : "none";
  if (table === "unknown") return !contents.some((one) => one.holds.kind === "unknown");
  return table !== "none" || (contents.length === 0 && !isUsed);
}

function own({ holds, sectorBytes }: BlockNode, showsTable: boolean): string {
  switch (holds.kind) {
    case "disk": {
      const facts = [holds.model, holds.serial === null ? "" : `serial ${holds.serial}`];
      if (showsTable) facts.push(TABLES[holds.table]);
      if (holds.firmwareRaid?.state === "plain") facts.push(holds.firmwareRaid.title);
      if (sectorBytes !== 512) facts.push(`${sectorBytes}-byte sectors`);
      return facts.filter((fact) => fact !== "").join(", ");
    }
    case "partition": {
      const type = typeName(holds.type);
      return [type, holds.bootable === true ? "bootable" : ""].filter((fact) => fact !== "").join(", ");
    }
    case "lvm-lv":
      return "LVM volume";
    case "crypt":
      return "inside of LUKS";
    case "md":
      return ["software RAID", holds.level, holds.uuid].filter((fact) => fact !== "").join(" ");
    case "filesystem":
    case "swap":
    case "lvm-pv":
    case "md-member":
    case "luks":
    case "opaque":
    case "unknown":
      return describeContent(holds);
    default:
      return unreachable(holds);
  }
}

/** Types that say more than what blkid finds inside. UEFI 5.3.3; sfdisk --list-types. */
const TYPES: Readonly<Record<string, string>> = {
  "C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system",
  "21686148-6449-6E6F-744E-656564454649": "BIOS boot",
  "9E1A2D38-C612-4316-AA26-8B49521E5A8B": "PReP boot",
  "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved",
  "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC": "Windows recovery",
  "5": "extended",
  f: "extended",
  "85": "extended",
  ef: "EFI system",
  "27": "Windows recovery",
  "41": "PReP boot",
};

function typeName(type: string): string {
  return TYPES[type.includes("-") ? type.toUpperCase() : type.toLowerCase()] ?? "";
}

/** What of a file system lies on other volumes. */
function beside({ devices, externalLog, realtime }: Extract<Holds, { kind: "filesystem" }>): string {
  const facts = [
    devices === undefined ? "" : `device ${devices.own} of ${devices.count}`,
    externalLog === undefined ? "" : "log on another volume",
    realtime === true ? "files on a realtime device too" : "",
  ].filter((fact) => fact !== "");
  return facts.length === 0 ? "" : `(${facts.join(", ")})`;
}

function describeContent(holds: Holds): string {
  switch (holds.kind) {
    case "filesystem":
      return [holds.type, quoted(holds.label), holds.uuid, beside(holds)]
        .filter((fact) => fact !== "")
        .join(" ");
    case "swap":
      return [holds.hibernated ? "hibernated swap" : "swap", quoted(holds.label), holds.uuid]
        .filter((fact) => fact !== "")
        .join(" ");
    case "lvm-pv":
      return `LVM physical volume ${holds.uuid}`.trim();
    case "md-member":
      return `RAID member ${holds.uuid}`.trim();
    case "luks":
      return `LUKS ${holds.uuid}`.trim();
    case "opaque":
      return holds.why;
    case "unknown":
      return `unknown (${holds.why})`;
    case "disk":
    case "partition":
    case "lvm-lv":
    case "crypt":
    case "md":
      return kindOf(holds);
    default:
      return unreachable(holds);
  }
}

const quoted = (label: string | null): string => (label === null ? "" : `"${label}"`);

function kindOf(holds: Holds): string {
  const names: Partial<Record<Holds["kind"], string>> = {
    "lvm-lv": "LVM volume",
    md: "software RAID",
    crypt: "inside of LUKS",
  };
  return names[holds.kind] ?? holds.kind;
}
