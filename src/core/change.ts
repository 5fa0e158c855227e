// SPDX-License-Identifier: Apache-2.0
// Changes to a guest. A step only proposes; one place applies; dry run, report, undo and goldens come for free.

export type FileAttributes = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Values in base64: they are bytes. */
  readonly xattrs: Readonly<Record<string, string>>;
};

/** A file at one moment. The bytes themselves are kept in a blob store, by their hash. */
export type FileState =
  | { readonly kind: "absent" }
  | (FileAttributes & { readonly kind: "bytes"; readonly sha256: string; readonly sizeBytes: number })
  | (FileAttributes & { readonly kind: "link"; readonly target: string })
  | (FileAttributes & { readonly kind: "directory" });

/** `path` is absolute inside the guest and has no symbolic link in its parents. */
export type Change = {
  readonly step: string;
  readonly why: string;
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
};

/** With what a person sees of it: a unified diff, secrets blotted out; null where it is not text. */
export type ShownChange = Change & { readonly diff: string | null };

/** A change alone, whatever else its value carries: for files that have their fields fixed. */
export const bareChange = ({ step, why, path, before, after }: Change): Change => ({
  step,
  why,
  path,
  before,
  after,
});
