// SPDX-License-Identifier: Apache-2.0
// The words of a command line that name a disk: root=, resume= and the like. Names of this hardware become stable ones,
// written as the guest's initramfs understands them. Pure.
import type { GuestOS } from "../../core/index.ts";
import { editWords } from "../text/kernel-words.ts";
import type { Named, Volumes } from "../names/volumes.ts";
import type { CommandLine } from "./command-lines.ts";

/**
 * `UUID=`: every udev-based initramfs, dracut, initramfs-tools, mkinitcpio, mkinitfs, and nash of RHEL 5 (mkinitrd 5.1:
 * nash/lib.c, nashGetPathBySpec). `by-uuid`: SUSE's mkinitrd waits for a device node (SLES 10 and 11). `label`: nash of
 * RHEL 4 (mkinitrd 4.2) looks for labels only.
 */
export type NameStyle = "UUID=" | "by-uuid" | "label";

export function nameStyle({ family, initramfsTool, kernels }: GuestOS): NameStyle {
  if (initramfsTool !== "mkinitrd") return "UUID=";
  if (family === "suse") return "by-uuid";
  const isOld =
    kernels.length > 0 && kernels.every(({ version }) => /^2\.(4|6\.([0-9]|1[0-7])(-|\.))/.test(version));
  return isOld ? "label" : "UUID=";
}

export type DeviceNames = {
  readonly volumes: Volumes;
  readonly style: NameStyle;
  /** Collects values of root= that no given disk holds. */
  readonly lost: Set<string>;
};

/**
 * Besides root= and resume=: `boot=` of the FIPS mode (dracut.cmdline(7)), `real_root=` of genkernel, `cryptdevice=` of
 * mkinitcpio's hook encrypt, which has a name and options behind colons.
 */
const KEYS = ["root", "resume", "real_root", "boot", "cryptdevice"];

export function editDevices({ text, hasInitramfs }: CommandLine, names: DeviceNames): string {
  return editWords(text, KEYS, (key, value) => {
    const same = `${key}=${value}`;
    switch (key) {
      case "resume": {
        const device = resumeName(value, names);
        return device === null ? same : device === "none" ? null : `resume=${device}`;
      }
      case "boot":
        return value.startsWith("/dev/") ? `boot=${stableName(value, names, hasInitramfs) ?? value}` : same;
      case "cryptdevice": {
        const [device = "", ...rest] = value.split(":");
        const name = device.startsWith("/dev/") ? stableName(device, names, true) : null;
        return name === null ? same : [`cryptdevice=${name}`, ...rest].join(":");
      }
      default: {
        const name = stableName(value, names, hasInitramfs);
        if (name === null) names.lost.add(value);
        return name === null ? same : `${key}=${name}`;
      }
    }
  });
}

/** The value itself if it is stable; null: no given disk has this name, or it has no stable one. */
function stableName(value: string, names: DeviceNames, hasInitramfs: boolean): string | null {
  const { volumes } = names;
  const uuid = uuidIn(value);
  if (uuid !== null) return volumes.hasUuid(uuid) ? value : null;
  const named = volumes.named(value);
  if (named.kind === "stable") return value;
  if (named.kind !== "volume") return null;
  return hasInitramfs ? styled(named, names) : partitionName(named);
}

/** A kernel without initramfs finds its root by PARTUUID only (kernel: Documentation/admin-guide/kernel-parameters). */
function partitionName({ partition }: Extract<Named, { kind: "volume" }>): string | null {
  const holds = partition?.holds;
  const id = holds?.kind === "partition" ? holds.uuid : null;
  return id !== null && /^[0-9A-Za-z-]{4,40}$/.test(id) ? `PARTUUID=${id}` : null;
}

function styled(
  { node }: Extract<Named, { kind: "volume" }>,
  { volumes, style }: DeviceNames,
): string | null {
  if (style === "label") {
    const label = node.holds.kind === "filesystem" ? node.holds.label : null;
    return label !== null && /^[A-Za-z0-9/._-]{1,16}$/.test(label) ? `LABEL=${label}` : null;
  }
  const uuid = volumes.uuidOf(node);
  if (uuid === null) return null;
  return style === "by-uuid" ? `/dev/disk/by-uuid/${uuid}` : `UUID=${uuid}`;
}

/** The new value of RESUME= or `resume=`: a stable name, `none` where the swap is gone, or null for no change. */
export function resumeName(
  value: string,
  { volumes, style }: Pick<DeviceNames, "volumes" | "style">,
): string | null {
  const uuid = uuidIn(value);
  if (uuid !== null) return volumes.hasUuid(uuid) ? null : "none";
  const named = volumes.named(value);
  if (named.kind === "stable") return null;
  if (named.kind === "absent") return "none";
  if (named.kind === "unclear") return null;
  // A swap file is resumed from its file system, with resume_offset=.
  const { kind } = named.node.holds;
  const resumable = kind === "swap" || kind === "filesystem";
  return (resumable ? styled(named, { volumes, style, lost: new Set() }) : null) ?? "none";
}

function uuidIn(value: string): string | null {
  return (
    /^UUID=["']?([0-9A-Za-z-]+)["']?$/.exec(value)?.[1] ??
    /^\/dev\/disk\/by-uuid\/([^/]+)$/.exec(value)?.[1] ??
    null
  );
}
