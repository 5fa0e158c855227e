// SPDX-License-Identifier: Apache-2.0
// What conversion asks of the guest's own programs and file systems. Real: chroot.ts; tests script it.
import type { Blobs, Change } from "../../core/index.ts";

export type FreeSpace = {
  /** Where in the guest the file system is mounted. */
  readonly mount: string;
  readonly bytes: number;
  /** null: the file system has no fixed number of inodes. */
  readonly inodes: number | null;
};

export type Built =
  /** `path`: a complete file on this computer. `notes`: what the user should know about it. */
  | { readonly kind: "built"; readonly path: string; readonly notes: readonly string[] }
  | { readonly kind: "failed"; readonly why: string };

export type BuiltKernel = {
  /** As below /lib/modules. */
  readonly version: string;
  /** Where its initramfs lies in the guest. */
  readonly image: string;
  readonly drivers: readonly string[];
};

export type BuildRequest = {
  /** See Builder.script. */
  readonly script: string;
  readonly kernels: readonly BuiltKernel[];
  /** Only the guest's tools see them. */
  readonly changes: readonly Change[];
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
};

export type InstallRequest = {
  /** For the guest's /bin/sh. $1: directory for results, whose `bin` is first in PATH; $2 and on: the packages. */
  readonly script: string;
  /** Files of this computer. */
  readonly packages: readonly string[];
  /** Programs that do nothing while it runs: what makes boot menus and initramfs, which later steps do. */
  readonly idle: readonly string[];
  readonly changes: readonly Change[];
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
};

export type Installed =
  /** What differs in the guest afterwards, parents before what is in them. */
  | { readonly kind: "installed"; readonly changes: readonly Omit<Change, "step" | "why">[] }
  | { readonly kind: "failed"; readonly why: string }
  /** There is no guest to run anything in: it is left to the migration. */
  | { readonly kind: "later" };

export interface GuestTools {
  /** Of the file system that holds `path` (absolute in the guest, may not exist yet). */
  freeSpace(path: string): Promise<FreeSpace>;
  /**
   * Runs the script with the guest's own programs for each kernel, in a copy of the guest that is thrown away, and hands
   * each result to `use` while its file exists.
   */
  buildInitramfs(request: BuildRequest, use: (kernel: string, built: Built) => Promise<void>): Promise<void>;
  /** Runs the script in a copy of the guest that is thrown away, and returns what it changed. */
  installPackages(request: InstallRequest): Promise<Installed>;
}
