// SPDX-License-Identifier: Apache-2.0
// Which packages of extras/ fit a guest, and which of them help a kernel that lacks drivers. Pure.
import type { GuestOS } from "../../core/index.ts";
import type { DriverPackage } from "./package.ts";

type Guest = Pick<GuestOS, "id" | "version" | "arch" | "family">;

/** Rebuilds of the same sources, with the same kernels: packages for one serve the others. */
const RELATIVES: readonly (readonly string[])[] = [
  ["rhel", "centos", "rocky", "almalinux", "scientific", "ol"],
  ["sles", "sled", "sles_sap"],
  ["opensuse", "opensuse-leap"],
];

const ARCHES: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["x86_64", "amd64"],
  i686: ["i686", "i386", "i586"],
  aarch64: ["aarch64", "arm64"],
};

/** Directories below extras/ with packages for a guest, the most specific first. */
export function directoriesFor({ id, version, arch }: Guest): readonly string[] {
  const relatives = RELATIVES.find((names) => names.includes(id)) ?? [];
  const names = [...new Set([id, ...relatives])];
  const major = version.split(".")[0] ?? "";
  const versions = [...new Set([version, major].filter((text) => text !== ""))];
  if (versions.length === 0) versions.push("rolling");
  return names.flatMap((name) =>
    versions.flatMap((release) => (ARCHES[arch] ?? [arch]).map((machine) => `${name}/${release}/${machine}`)),
  );
}

const packageKind = ({ family }: Pick<GuestOS, "family">): DriverPackage["kind"] | null =>
  family === "debian" ? "deb" : family === "redhat" || family === "suse" ? "rpm" : null;

/** Is it of the guest's kind and architecture? A 32-bit system may have a 64-bit kernel, and its packages are 32-bit ones. */
export function fits(candidate: Pick<DriverPackage, "kind" | "arch">, guest: Guest): boolean {
  if (candidate.kind !== packageKind(guest)) return false;
  if (candidate.arch === "noarch" || candidate.arch === "all") return true;
  const own = ARCHES[guest.arch] ?? [guest.arch];
  return (
    own.includes(candidate.arch) ||
    (guest.arch === "x86_64" && candidate.kind === "deb" && candidate.arch === "i386")
  );
}

export type Lack = {
  /** The kernel's release. */
  readonly kernel: string;
  /** Names of modules with underscores. */
  readonly modules: readonly string[];
  /** No module would make it start: only another kernel helps. */
  readonly never?: true;
};

export type Choice = {
  readonly packages: readonly DriverPackage[];
  /** The kernel that then has the drivers: the same, or a new one. */
  readonly kernel: string;
};

/**
 * First modules for exactly this release; then modules of another release of the same line, which the guest's tools link
 * where its kernel accepts them (weak-modules of Red Hat and SUSE); then, if `mayAdd`, another kernel. null: none helps.
 */
export function choosePackages(
  lack: Lack,
  candidates: readonly DriverPackage[],
  { mayAdd }: { mayAdd: boolean },
): Choice | null {
  const newestFirst = candidates.toSorted((a, b) => ORDER.compare(b.version, a.version));
  const own = lack.never === true ? null : chooseModules(lack, newestFirst);
  return own ?? (mayAdd ? chooseKernel(lack, newestFirst) : null);
}

/** For the kernel that is there. */
function chooseModules({ kernel, modules }: Lack, newestFirst: readonly DriverPackage[]): Choice | null {
  const has = (candidate: DriverPackage, release: string): boolean =>
    modules.every((name) => candidate.modules.get(release)?.has(name) === true);
  const exact = newestFirst.find((candidate) => has(candidate, kernel));
  if (exact !== undefined) return { kernel, packages: withNeeds(exact, newestFirst) };
  // Split over several packages: all for this release that bring any of them.
  const parts = newestFirst.filter((candidate) =>
    modules.some((name) => candidate.modules.get(kernel)?.has(name)),
  );
  if (modules.every((name) => parts.some((part) => part.modules.get(kernel)?.has(name))))
    return { kernel, packages: [...new Set(parts.flatMap((part) => withNeeds(part, newestFirst)))] };
  const weak = newestFirst.find(
    (candidate) =>
      candidate.kind === "rpm" &&
      candidate.kernels.length === 0 &&
      [...candidate.modules.keys()].some(
        (release) => lineOf(release) === lineOf(kernel) && has(candidate, release),
      ),
  );
  return weak === undefined ? null : { kernel, packages: withNeeds(weak, newestFirst) };
}

function chooseKernel({ modules }: Lack, newestFirst: readonly DriverPackage[]): Choice | null {
  for (const candidate of newestFirst)
    for (const release of candidate.kernels) {
      if (/xen[0U]?$/.test(release) && !modules.some((name) => name.startsWith("xen"))) continue;
      const packages = withNeeds(candidate, newestFirst);
      const all = (name: string): boolean => packages.some((other) => other.modules.get(release)?.has(name));
      // Some may be built in, or in a package that is missing: what it really has is checked afterwards.
      if (modules.some(all) || candidate.modules.get(release) === undefined)
        return { kernel: release, packages };
    }
  return null;
}

/** 5.15.0-101 is newer than 5.15.0-97. */
const ORDER = new Intl.Collator("en", { numeric: true });

/** `2.6.18` and the flavour: a weak link may join releases that share them. */
const lineOf = (release: string): string =>
  `${/^\d+\.\d+\.\d+/.exec(release)?.[0] ?? release} ${/(?:xen|PAE|smp|debug|default|pae|bigsmp)$/i.exec(release)?.[0] ?? ""}`;

/** With the candidates that it needs by name, and those they need; the guest has the rest, or its tool complains. */
export function withNeeds(
  wanted: DriverPackage,
  candidates: readonly DriverPackage[],
): readonly DriverPackage[] {
  const chosen = new Set([wanted]);
  for (const each of chosen)
    for (const need of each.needs) {
      if ([...chosen].some((other) => other.name === need)) continue;
      const found = candidates
        .filter((other) => other.name === need || (other !== each && other.provides.includes(need)))
        .toSorted((a, b) => ORDER.compare(b.version, a.version))[0];
      if (found !== undefined) chosen.add(found);
    }
  return [...chosen];
}
