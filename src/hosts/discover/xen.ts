// SPDX-License-Identifier: Apache-2.0
// What xl in a dom0 says of the hypervisor and its domains. Pure.
import * as z from "zod";
import { type HostVm, makeProblem, named, type Problem, unknown, type XenFacts } from "../../core/index.ts";
import {
  cleanMacs,
  cleanName,
  cleanUuid,
  keyValues,
  knownCount,
  knownName,
  complaint,
  type Sections,
} from "./sections.ts";
import { MAX_ASKED } from "./script.ts";

const MIB = 2 ** 20;

type Found = {
  readonly facts: XenFacts | null;
  readonly problems: readonly Problem[];
  readonly totalBytes: number | null;
};

/** xl may be installed where no Xen runs: only the control domain is a Xen host. */
export function parseXen(sections: Sections, { isRoot }: { isRoot: boolean }): Found {
  const control = sections.lines("xen-caps").some((line) => line.includes("control_d"));
  const answer = sections.get("xl-info");
  if (!control || answer === null) return { facts: null, problems: [], totalBytes: null };
  const info = keyValues(sections.lines("xl-info"), ":");
  const usable = answer.code === 0 && info.has("xen_caps");
  const caps = info.get("xen_caps") ?? "";
  const files = sections.lines("xen-files");
  const find = (pattern: RegExp): string | null => files.find((path) => pattern.test(path)) ?? null;
  const total = knownCount(info.get("total_memory"), "xl does not tell", MIB);
  return {
    totalBytes: total.kind === "known" ? total.value : null,
    facts: {
      usable,
      prefix: isRoot ? [] : ["sudo", "-n"],
      version: knownName(info.get("xen_version"), "xl does not tell"),
      types: [
        ...(/\bxen-\d+\.\d+-x86_64/.test(caps) ? (["pv"] as const) : []),
        ...(/\bhvm-\d+\.\d+-x86_(?:32|64)/.test(caps) ? (["pvh", "hvm"] as const) : []),
      ],
      freeMemoryBytes: usable
        ? knownCount(info.get("free_memory"), "xl does not tell", MIB)
        : unknown("xl fails"),
      pvgrub: find(/\/grub-x86_64-xen\.bin$/),
      pvhgrub: find(/\/grub-i386-xen_pvh\.bin$/),
      pygrub: find(/\/pygrub$/),
      ovmf: find(/\/(?:ovmf\.bin|OVMF\.fd|ovmf)$/),
    },
    problems: usable ? [] : [notUsable(complaint(answer), answer.code, isRoot)],
  };
}

function notUsable(words: string, code: number | null, isRoot: boolean): Problem {
  if (!isRoot)
    return makeProblem("host-xl-rights", {
      about: named("hypervisor", "xen"),
      text: `This is a Xen host, and this user may not run xl: ${words}`,
      advice: /must have a tty/.test(words)
        ? "Write into the sudoers there: Defaults:USER !requiretty (see doc/hosts.md); or go there as root"
        : "Go there as root, or let the user run xl by sudo without a password (see doc/hosts.md)",
    });
  const why = code === 124 ? "it did not answer in 20 s" : words;
  return makeProblem("host-xl-fails", {
    about: named("hypervisor", "xen"),
    text: `This is a Xen host, and xl fails: ${why}`,
    advice: "Look there: xl info; systemctl status xenstored xenconsoled (or the service xen)",
  });
}

const DOMAINS = z
  .array(
    z.object({
      domid: z.number(),
      config: z.object({
        c_info: z.object({ name: z.string(), uuid: z.string().optional() }),
        nics: z.array(z.object({ mac: z.string().optional() })).optional(),
      }),
    }),
  )
  .max(100_000);

/** `xl list -l`. Domains that are not running are known to nobody but their files. */
export function parseXenVms(sections: Sections): readonly HostVm[] {
  const lines = sections.lines("xl-list");
  // Warnings may stand before the JSON.
  const begin = lines.findIndex((line) => line.startsWith("["));
  const parsed = DOMAINS.safeParse(jsonOf(lines.slice(Math.max(0, begin)).join("\n")));
  if (!parsed.success) return [];
  return parsed.data
    .filter(({ domid }) => domid !== 0)
    .slice(0, MAX_ASKED)
    .flatMap(({ config }): HostVm[] => {
      const name = cleanName(config.c_info.name);
      if (name === null) return [];
      const macs = cleanMacs((config.nics ?? []).map(({ mac }) => mac));
      return [{ on: "xen", name, uuid: cleanUuid(config.c_info.uuid), macs, running: true }];
    });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
