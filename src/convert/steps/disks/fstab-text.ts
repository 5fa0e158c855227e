// SPDX-License-Identifier: Apache-2.0
// The text of fstab with stable names of devices, and what could not be named. Pure.
import {
  type BlockNode,
  contentTitle,
  guestFiles,
  isFileSystemType,
  isHardwareName,
  makeProblem,
  named,
  type Problem,
  shown,
  unescapeFstab,
} from "../../../core/index.ts";
import { stableOptions } from "../../names/mount-options.ts";
import type { Volumes } from "../../names/volumes.ts";
import { mapLines, MAX_LINE } from "../../text/lines.ts";
import { stablePath, stableUnitName } from "./unit-devices.ts";

/** What a line says, without escapes and quotes. */
export type Fields = { readonly spec: string; readonly path: string; readonly type: string };

/** fstab(5): device, mount point, type, options. */
const LINE =
  /^([ \t]*)([^ \t#\r\n][^ \t\r\n]*)([ \t]+)([^ \t\r\n]+)([ \t]+)([^ \t\r\n]+)(?:([ \t]+)([^ \t\r\n]+))?/;

/** null: a comment, or no line of fstab. */
export function fieldsOf(line: string): Fields | null {
  const [, , spec, , path = "", , type = ""] = line.length > MAX_LINE ? [] : (LINE.exec(line) ?? []);
  if (spec === undefined) return null;
  const plain = (field: string): string => unescapeFstab(Buffer.from(field, "latin1").toString("utf8"));
  // libmount takes a tag's value in quotes, and the shell's habit of quoting all of it.
  return { spec: plain(spec).replaceAll(/["']/g, ""), path: plain(path), type };
}

export type RenderedFstab = { readonly text: string; readonly problems: readonly Problem[] };

export function renderFstab(text: string, volumes: Volumes): RenderedFstab {
  const problems: Problem[] = [];
  const rendered = mapLines(text, (line) => {
    const fields = fieldsOf(line);
    if (fields === null) return line;
    const named = nameOf(fields, volumes);
    const options = optionsOf(line, fields, volumes);
    problems.push(...named.problems, ...options.problems);
    const [whole = "", indent = "", spec = "", gap = "", path = "", gap2 = "", type = "", gap3 = ""] =
      LINE.exec(line) ?? [];
    const rest = line.slice(whole.length);
    return `${indent}${named.name ?? spec}${gap}${path}${gap2}${type}${gap3}${options.text}${rest}`;
  });
  return { text: rendered, problems };
}

type NamedField = { readonly name: string | null; readonly problems: readonly Problem[] };

const STAYS: NamedField = { name: null, problems: [] };

/** `name`: null where the device stays as it is written. */
function nameOf(fields: Fields, volumes: Volumes): NamedField {
  const { spec, type } = fields;
  // bcachefs(8) lists the devices of a file system; it finds them by its UUID too, in newer versions only.
  if (/^\/dev\/[^:]+:\/dev\//.test(spec) && spec.split(":").some((one) => isHardwareName(one)))
    return { name: null, problems: [noName(fields)] };
  const found = volumes.named(spec);
  if (found.kind === "stable" || /^(udf|iso9660)(,|$)/.test(type)) return STAYS; // the VM has a CD drive too
  if (found.kind === "absent") return { name: null, problems: [notGiven(fields)] };
  if (found.kind !== "volume") return STAYS; // what is unclear was reported by inspection
  const uuid = fits(found.node, type) ? volumes.uuidOf(found.node) : null;
  return uuid === null
    ? { name: null, problems: [noName(fields, contentTitle(found.node))] }
    : { name: `UUID=${uuid}`, problems: [] };
}

type Options = { readonly text: string; readonly problems: readonly Problem[] };

/** Devices that the options name: those of the file system, and what systemd shall wait for. */
function optionsOf(line: string, fields: Fields, volumes: Volumes): Options {
  const options = LINE.exec(line)?.[8];
  if (options === undefined) return { text: "", problems: [] };
  const stable = stableOptions(options, volumes.nodeOf(fields.spec), volumes);
  const needs = stable.options.split(",").map((word) => needOf(word, volumes));
  return {
    text: needs.map(({ word }) => word).join(","),
    problems: [
      ...stable.lost.map((option) => optionNotGiven(fields, option)),
      ...needs.flatMap(({ lost }) => (lost === null ? [] : [needNotGiven(fields, lost)])),
    ],
  };
}

/** systemd.mount(5): a path, or the name of a unit. */
const NEED = /^(x-systemd\.(?:requires|wants|after|before)=)(.+)$/;

function needOf(word: string, volumes: Volumes): { readonly word: string; readonly lost: string | null } {
  const [, key, value = ""] = NEED.exec(word) ?? [];
  if (key === undefined) return { word, lost: null };
  const stable = value.startsWith("/")
    ? isHardwareName(value)
      ? stablePath(value, volumes)
      : value
    : stableUnitName(value, volumes);
  const needed = /requires|wants/.test(key);
  return { word: stable === null ? word : `${key}${stable}`, lost: stable === null && needed ? word : null };
}

/** If the line's type is not what is found there, it means another disk than we think. */
const fits = ({ holds }: BlockNode, type: string): boolean =>
  type === "swap" ? holds.kind === "swap" : holds.kind === "filesystem" && isFileSystemType(type, holds.type);

function notGiven({ spec, path, type }: Fields): Problem {
  return makeProblem("fstab-not-given", {
    about: [{ kind: "mount", spec, path, type }],
    text: `fstab mounts ${shown(spec)} on ${shown(path)}, and none of the given disks holds it`,
    advice: "Give that disk too, or remove the line: the VM waits for it at boot, and may stop there",
  });
}

function optionNotGiven({ spec, path, type }: Fields, option: string): Problem {
  return makeProblem("fstab-option-device", {
    about: [{ kind: "mount", spec, path, type }],
    text: `fstab mounts ${shown(spec)} on ${shown(path)} with ${option}, and no stable name is known for that device`,
    advice: `Name it by /dev/disk/by-partuuid/ on the machine, or correct the line in the VM, where ${path} is not mounted else`,
  });
}

/** `there`: what lies there; null: not known. */
function noName({ spec, path, type }: Fields, there: string | null = null): Problem {
  const isOther = there !== null && !isFileSystemType(type, there);
  const found = isOther ? `is ${there}` : "has no UUID of that type of its own";
  return makeProblem("fstab-no-uuid", {
    about: [{ kind: "mount", spec, path, type }],
    text: `fstab mounts ${spec} on ${path} as ${type}, and what lies there ${found}`,
    advice: `The line is left as it is; ${isOther ? "correct its type on the machine, or " : ""}name the volume by UUID or label in the VM if ${path} is missing there`,
  });
}

function needNotGiven({ path }: Fields, word: string): Problem {
  return makeProblem("unit-not-given", {
    about: [...named("device", word.slice(word.indexOf("=") + 1)), ...guestFiles("/etc/fstab")],
    text: `fstab mounts ${path} with ${word}, and no given disk has that name`,
    advice: "Give that disk too, or take the option out: systemd waits for it, and does not mount without it",
  });
}
