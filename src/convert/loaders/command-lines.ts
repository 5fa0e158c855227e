// SPDX-License-Identifier: Apache-2.0
// Where kernels find their command lines: one shape for the files of every boot loader, so that a step which changes
// words (root=, console=) need not know the loader. Types, and what every kind does alike.
import type { GuestView, Problem } from "../../core/index.ts";

/** Words of one kernel's command line; an edit keeps all else of `text` (a menu's whole line, or a quoted value). */
export type CommandLine = {
  readonly text: string;
  /** false: the entry loads no initramfs, and the kernel alone does not understand UUID=. */
  readonly hasInitramfs: boolean;
  /** The kernel as the entry writes it; null: not known, or for several kernels. */
  readonly image: string | null;
  /** Words of the same command line from elsewhere; what is added once goes where `last` is true. */
  readonly others: string;
  readonly last: boolean;
};

export type EditLine = (line: CommandLine) => string;

/** One kind of file that holds command lines. */
export type CommandLineFiles = {
  /** For messages: `GRUB's menu`. */
  readonly title: string;
  /** What it means when such a file is too large to be read. */
  readonly severity: Problem["severity"];
  /** Possible paths of such files. */
  paths(view: GuestView): Promise<readonly string[]>;
  /** null: the edited text does not fit into the file. */
  edit(text: string, edit: EditLine): string | null;
  /**
   * `menu`: what the loader reads at boot. `source`: what menus are generated from, so that a console is named in one place
   * of it only.
   */
  readonly role: "menu" | "source";
};

export const only = (
  text: string,
  { hasInitramfs = true, image = null }: Partial<Pick<CommandLine, "hasInitramfs" | "image">> = {},
): CommandLine => ({
  text,
  hasInitramfs,
  image,
  others: "",
  last: true,
});

/** Names in a directory with one of the endings, as paths; at most 500, however many there are. */
export async function filesIn(
  view: GuestView,
  directory: string,
  endings: readonly string[],
): Promise<readonly string[]> {
  const names = await view.list(directory).catch((error: unknown) => {
    if (error instanceof RangeError) return [];
    throw error;
  });
  return names
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .slice(0, 500)
    .map((name) => `${directory}/${name}`);
}
