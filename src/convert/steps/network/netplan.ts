// SPDX-License-Identifier: Apache-2.0
// netplan's `match`: an address must be the VM's, and a driver is another in the VM (netplan-yaml(5)). Edited as text: a
// YAML writer would lose comments and order.
import { guestFiles, type IntendedNic, isMac, makeProblem } from "../../../core/index.ts";
import { hasNewAddress } from "../../names/nic-pins.ts";
import { step } from "../step.ts";
import { MAX_LINE, splitLines } from "../../text/lines.ts";

const DIRECTORY = "/etc/netplan";

export const netplan = step(
  {
    name: "netplan",
    explains: "Makes netplan's match: find the VM's cards, where it asks for another address or driver",
  },
  async ({ view, intent, draft }) => {
    const paths = (await view.list(DIRECTORY))
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => `${DIRECTORY}/${name}`);
    const setNames = new Map<string, string>();
    for (const path of paths)
      for (const [id, name] of setNamesOf((await draft.read(path, { severity: "notes" })) ?? ""))
        setNames.set(id, name);
    for (const path of paths) {
      const left: string[] = [];
      await draft.edit(path, {
        why: "netplan configures only cards that match: finds",
        edit: (text) => fittingMatch(text, { nics: intent.nics, setNames }, left),
      });
      for (const what of left.slice(0, 20))
        draft.problem(
          makeProblem("nic-not-in-vm", {
            about: guestFiles(path),
            text: `${path} is for cards with ${what}, and the VM has none`,
            advice: "Name the interface with set-name, or change the file in the VM",
          }),
        );
    }
  },
);

const KEY = /^(\s*)(?:"([^"]*)"|'([^']*)'|([^\s:#"'][^:#]*)):(?:[ \t]+(.*?))?[ \t]*\r?\n?$/;

/** A device of `ethernets:`, with where its match is. */
type Device = {
  readonly id: string;
  readonly indent: number;
  setName: string;
  readonly match: { readonly line: number; readonly key: string; readonly value: string }[];
};

/** Names by `set-name`, which may stand in another file than the match of the same device. */
export const setNamesOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    readDevices(splitLines(text)).flatMap(({ id, setName }) => (setName === "" ? [] : [[id, setName]])),
  );

type Cards = {
  readonly nics: readonly IntendedNic[];
  /** Of all files together. Absent: this one alone. */
  readonly setNames?: ReadonlyMap<string, string>;
};

/** Pure. `left` collects what could not be made to fit. Block style, as installers and cloud-init write it, and a match in one line. */
export function fittingMatch(
  text: string,
  { nics, setNames = setNamesOf(text) }: Cards,
  left: string[],
): string {
  const lines = splitLines(text);
  for (const device of readDevices(lines)) {
    const name = setNames.get(device.id) ?? device.id;
    const nic = nics.find((candidate) => candidate.name === name);
    const mac = device.match.find(({ key }) => key === "macaddress");
    const has = nics.some((candidate) => candidate.mac.toLowerCase() === mac?.value.toLowerCase());
    for (const { line, key, value } of device.match) {
      const old = lines[line] ?? "";
      if (key === "macaddress" && isMac(value) && value.toLowerCase() !== nic?.mac.toLowerCase()) {
        if (nic !== undefined && hasNewAddress(nic)) lines[line] = old.replace(value, nic.mac.toLowerCase());
        else if (!has) left.push(`address ${value}`);
      } else if (key === "driver" && !/virtio|^\*$|^\[/.test(value)) {
        const isInLine = IN_BRACES.test(old);
        const own = `macaddress: "${nic?.mac.toLowerCase() ?? ""}"`;
        if (nic === undefined) left.push(`driver ${value}`);
        else if (isInLine)
          lines[line] = old.replace(
            mac === undefined ? DRIVER : DRIVER_AND_COMMA,
            mac === undefined ? own : "",
          );
        else if (mac === undefined) lines[line] = old.replace(/driver:.*?(\r?\n?)$/s, `${own}$1`);
        else lines[line] = old.replace(/^(\s*)/, "$1# virt-p2v: the VM's card has another driver: ");
      }
    }
  }
  return lines.join("");
}

/** `match: {macaddress: "52:54:00:12:34:56", driver: igb}`, alone in its line or in that of its device. */
const IN_BRACES = /["']?\bmatch["']?:[ \t]*\{([^{}]{0,1000})\}/;
const PAIR = /(?:^|[,\s])["']?(macaddress|driver|name)["']?:[ \t]+("[^"]*"|'[^']*'|[^,]*)/g;
const DRIVER = /["']?\bdriver["']?:[ \t]+(?:"[^"]*"|'[^']*'|[^,}]*[^,}\s])/;
const DRIVER_AND_COMMA = new RegExp(`,[ \\t]*${DRIVER.source}|${DRIVER.source},[ \\t]*`);

const unquoted = (text: string): string => text.trim().replaceAll(/^["']|["']$/g, "");

function pairsIn(text: string, line: number): Device["match"] {
  const inside = IN_BRACES.exec(text)?.[1] ?? "";
  return [...inside.matchAll(PAIR)].map(([, key = "", value = ""]) => ({
    line,
    key,
    value: unquoted(value),
  }));
}

function readDevices(lines: readonly string[]): readonly Device[] {
  const out: Device[] = [];
  let ethernets = -1; // indent of the key; -1: outside
  let match = -1;
  let device: Device | null = null;
  for (const [line, text] of lines.entries()) {
    if (text.length > MAX_LINE || /^\s*(#|$)/.test(text)) continue;
    const [, blanks = "", double, single, bare, raw = ""] = KEY.exec(text) ?? [];
    const key = double ?? single ?? bare;
    const indent = blanks.length;
    if (key === undefined) continue;
    const value = raw.replace(/[ \t]+#.*$/, "").replaceAll(/^["']|["']$/g, "");
    if (ethernets !== -1 && indent <= ethernets) ethernets = -1;
    if (key === "ethernets") {
      ethernets = indent;
      device = null;
      continue;
    }
    if (ethernets === -1) continue;
    if (device === null || indent <= device.indent) {
      const setName = unquoted(/["']?\bset-name["']?:[ \t]+([^,{}]{1,40})/.exec(raw)?.[1] ?? "");
      device = { id: key, indent, setName, match: pairsIn(text, line) };
      out.push(device);
      match = -1;
      continue;
    }
    if (match !== -1 && indent <= match) match = -1;
    if (key === "match") {
      match = indent;
      device.match.push(...pairsIn(text, line));
    } else if (match !== -1) device.match.push({ line, key, value });
    else if (key === "set-name") device.setName = value;
  }
  return out;
}
