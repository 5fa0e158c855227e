// SPDX-License-Identifier: Apache-2.0
// Every kind of file that holds kernel command lines, by the step that owns it.
import { bootEntries, kernelCmdline } from "./boot-entries.ts";
import type { CommandLineFiles } from "./command-lines.ts";
import { grubLegacy } from "./grub-legacy.ts";
import { grub2Menus, grub2OwnEntries } from "./grub2.ts";
import { grubenv } from "./grubenv.ts";
import { limine, refind } from "./other-menus.ts";
import { dracutSources, extlinuxSources, grubSources, suseSources } from "./sources.ts";
import { syslinux } from "./syslinux.ts";

export const LOADER_FILES = {
  grub: [grub2Menus, grub2OwnEntries, grubenv, grubSources],
  "boot-entries": [bootEntries, kernelCmdline, dracutSources, refind, limine],
  "grub-legacy": [grubLegacy, suseSources],
  extlinux: [syslinux, extlinuxSources],
} as const satisfies Record<string, readonly CommandLineFiles[]>;

export const ALL_FILES: readonly CommandLineFiles[] = Object.values(LOADER_FILES).flat();
