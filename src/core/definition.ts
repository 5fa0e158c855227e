// SPDX-License-Identifier: Apache-2.0
// What a migration made on a host besides the VM's directory: written there as definition.json, for `host undefine`.

export type Definition = {
  readonly format: "definition/1";
  readonly hypervisor: "libvirt" | "xen";
  /** libvirt's address; null for Xen. */
  readonly uri: string | null;
  readonly name: string;
  readonly uuid: string;
  /** Files that were put elsewhere, with the SHA-256 of what was written: only such a file is removed again. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Links that were made. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
};

/** The VM was started for real: seconds until its login was seen, or why not. */
export type Started =
  | { readonly kind: "login"; readonly seconds: number }
  | { readonly kind: "not-seen"; readonly why: string }
  /** It is paused, and goes on when the system in its server's place has left the network. */
  | { readonly kind: "leaving"; readonly inSeconds: number };
