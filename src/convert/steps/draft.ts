// SPDX-License-Identifier: Apache-2.0
// A draft collects what one step proposes: edits of files that are there, new files, removals, and words for the user.
import {
  type Blobs,
  type Change,
  type FileState,
  formatBytes,
  guestFiles,
  type GuestView,
  makeProblem,
  named,
  type Problem,
} from "../../core/index.ts";
import { changeableState, isDirectory } from "../../system/index.ts";

export type Proposal = { readonly changes: readonly Change[]; readonly problems: readonly Problem[] };

/** Far above any configuration file that a person wrote; a larger one is reported, not read. */
const MAX_TEXT_BYTES = 8 * 2 ** 20;

export type Edit = {
  readonly why: string;
  /** Text with one character for each byte (latin1), so that bytes of any encoding pass unchanged. */
  readonly edit: (text: string) => string;
  /** What a file too large to read means for the VM. Default `warns`. */
  readonly severity?: Problem["severity"];
};

/** The guest as the draft finds it, and where contents are put. */
type Ground = { readonly view: GuestView; readonly blobs: Blobs };

export class Draft {
  readonly #ground: Ground;
  readonly #step: string;
  readonly #changes: Change[] = [];
  readonly #problems: Problem[] = [];
  /** What this step has made of a file so far: a second edit continues from there. */
  readonly #texts = new Map<string, string>();

  constructor(step: string, { view, blobs }: Ground) {
    this.#step = step;
    this.#ground = { view, blobs };
  }

  /** An empty draft of the same step on the guest as `view` shows it; take() brings back what it collects. */
  on(view: GuestView): Draft {
    return new Draft(this.#step, { ...this.#ground, view });
  }

  take(other: Draft): void {
    this.#changes.push(...other.#changes);
    this.#problems.push(...other.#problems);
  }

  /** The text of a file, links followed, one character for each byte; null: there is none, or it is too large. */
  async read(
    path: string,
    { severity = "warns" }: { severity?: Problem["severity"] } = {},
  ): Promise<string | null> {
    try {
      const bytes = await this.#ground.view.read(path, { maxBytes: MAX_TEXT_BYTES });
      return bytes === null ? null : Buffer.from(bytes).toString("latin1");
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.problem(
        makeProblem("file-too-large", {
          about: [...guestFiles(path), ...named("step", this.#step)],
          severity,
          text: `${path} in the guest is larger than ${formatBytes(MAX_TEXT_BYTES)}; the step ${this.#step} left it alone`,
          advice: "Look at that file in the VM: it may still name devices of the old machine",
        }),
      );
      return null;
    }
  }

  /** Changes a file where it lies (links followed); nothing happens where it is absent or the edit changes nothing. */
  async edit(path: string, { why, edit, severity = "warns" }: Edit): Promise<void> {
    const { view, blobs } = this.#ground;
    const real = await view.resolve(path);
    if (real === null) return;
    const text = this.#texts.get(real) ?? (await this.read(path, { severity }));
    if (text === null) return;
    const edited = edit(text);
    if (edited === text) return;
    const made = this.#changes.findIndex((change) => change.path === real);
    if (made !== -1 && !this.#texts.has(real)) return; // written or removed as a whole
    const before = this.#changes[made]?.before ?? (await view.state(real)); // read above: a plain file, not too large
    if (before.kind !== "bytes") return;
    if (made === -1) await blobs.put(Buffer.from(text, "latin1"));
    const bytes = Buffer.from(edited, "latin1");
    const after: FileState = { ...before, sha256: await blobs.put(bytes), sizeBytes: bytes.length };
    const whys = [this.#changes[made]?.why ?? why, why];
    const change = { step: this.#step, why: [...new Set(whys)].join("; "), path: real, before, after };
    this.#changes.splice(made === -1 ? this.#changes.length : made, 1, change);
    this.#texts.set(real, edited);
  }

  /**
   * A file of ours with exactly this content; `mode` if it is new. An existing file keeps its mode and owner. Directories
   * of `path` may be links; what is not a plain file is left alone.
   */
  async write(
    path: string,
    { why, text, mode = 0o644 }: { why: string; text: string; mode?: number },
  ): Promise<void> {
    const { view, blobs } = this.#ground;
    const place = await this.#place(path, { isNew: true });
    if (place === null) return;
    const { real, before } = place;
    if (before.kind === "link") return;
    if (before.kind === "directory") return this.#odd(real);
    const bytes = Buffer.from(text, "utf8");
    const sha256 = await blobs.put(bytes);
    if (before.kind === "bytes" && before.sha256 === sha256) return;
    if (before.kind === "bytes") await blobs.put((await view.read(real, { maxBytes: 2 ** 26 })) ?? bytes);
    const attributes = before.kind === "bytes" ? before : { mode, uid: 0, gid: 0, xattrs: {} };
    const { mode: kept, uid, gid, xattrs } = attributes;
    const after: FileState = { kind: "bytes", mode: kept, uid, gid, xattrs, sha256, sizeBytes: bytes.length };
    this.#changes.push({ step: this.#step, why, path: real, before, after });
  }

  /** A new file with the bytes of another, up to 16 MiB. 0755, as the kernel shows all files of FAT. */
  async copy(from: string, path: string, { why }: { why: string }): Promise<void> {
    const { view, blobs } = this.#ground;
    const place = await this.#place(path, { isNew: true });
    const bytes = await view.read(from, { maxBytes: 2 ** 24 });
    if (place === null || bytes === null) return;
    const { real, before } = place;
    if (before.kind !== "absent") return;
    const sha256 = await blobs.put(bytes);
    const attributes = { mode: 0o755, uid: 0, gid: 0, xattrs: {} };
    const after: FileState = { kind: "bytes", ...attributes, sha256, sizeBytes: bytes.length };
    this.#changes.push({ step: this.#step, why, path: real, before, after });
  }

  async remove(path: string, { why }: { why: string }): Promise<void> {
    const { view, blobs } = this.#ground;
    const { real, before } = (await this.#place(path)) ?? { real: path, before: null };
    if (before?.kind !== "bytes") return;
    await blobs.put((await view.read(real, { maxBytes: 2 ** 26 })) ?? new Uint8Array());
    this.#changes.push({ step: this.#step, why, path: real, before, after: { kind: "absent" } });
  }

  /** Removes a symbolic link, and nothing else. */
  async unlink(path: string, { why }: { why: string }): Promise<void> {
    const { real, before } = (await this.#place(path)) ?? { real: path, before: null };
    if (before?.kind !== "link") return;
    this.#changes.push({ step: this.#step, why, path: real, before, after: { kind: "absent" } });
  }

  /** A new symbolic link; what already exists stays. */
  async link(path: string, { target, why }: { target: string; why: string }): Promise<void> {
    const { real, before } = (await this.#place(path, { isNew: true })) ?? { real: path, before: null };
    if (before?.kind !== "absent") return;
    const after: FileState = { kind: "link", target, mode: 0o777, uid: 0, gid: 0, xattrs: {} };
    this.#changes.push({ step: this.#step, why, path: real, before, after });
  }

  add(change: Omit<Change, "step">): void {
    this.#changes.push({ step: this.#step, ...change });
  }

  problem(problem: Problem): void {
    this.#problems.push(problem);
  }

  proposal(): Proposal {
    return { changes: this.#changes, problems: this.#problems };
  }

  /**
   * `path` with the links among its parents resolved; missing parents stay as they are written. null: there is no such
   * place, or something that no change can describe; it is reported if the file `isNew`.
   */
  async #place(
    path: string,
    { isNew = false }: { isNew?: boolean } = {},
  ): Promise<{ real: string; before: FileState } | null> {
    const { view } = this.#ground;
    const names = path.split("/").filter((name) => name !== "");
    const upTo = (depth: number): string => `/${names.slice(0, depth).join("/")}`;
    let depth = names.length - 1;
    let parent = await view.resolve(upTo(depth));
    while (parent === null && depth > 0) {
      depth -= 1;
      parent = await view.resolve(upTo(depth));
    }
    if (parent === null) return null;
    const isThere = await isDirectory(view, parent);
    const next = `${parent === "/" ? "" : parent}/${names[depth] ?? ""}`;
    const deeper = names.length - 1 > depth; // then `next` resolves to nothing: absent, or a link that leads nowhere
    if (!isThere || (deeper && (await changeableState(view, next))?.kind !== "absent")) {
      if (isNew) this.#odd(isThere ? next : parent, "directory");
      return null;
    }
    const real = [next, ...names.slice(depth + 1)].join("/");
    const before = await changeableState(view, real);
    if (before === null && isNew) this.#odd(real);
    return before === null ? null : { real, before };
  }

  #odd(path: string, wanted: "file" | "directory" = "file"): void {
    this.problem(
      makeProblem("guest-path", {
        about: [...guestFiles(path), ...named("step", this.#step)],
        text: `${path} in the guest is not a ${wanted}; the step ${this.#step} put nothing there`,
        advice: `Look at ${path} on the machine: nobody installs a system like that`,
      }),
    );
  }
}
