// SPDX-License-Identifier: Apache-2.0
// What the chain is judged on: the guest as the plan leaves it, the VM, and the disks' own records. Makers of links.
import type {
  Chain,
  ChainLink,
  ChainPlace,
  GuestOS,
  GuestView,
  Intent,
  Prose,
  Subject,
  VmModel,
} from "../core/index.ts";

export type Ground = {
  /** With all changes of the plan. */
  readonly view: GuestView;
  /** With the kernels that it will have. */
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly vm: VmModel;
  readonly platform: Chain["platform"];
  readonly signal: AbortSignal;
};

type Words = {
  readonly text: Prose;
  readonly why: Prose;
  readonly about?: readonly Subject[];
};

const link = (
  place: ChainPlace,
  verdict: ChainLink["verdict"],
  { text, why, advice = null, about = [] }: Words & { readonly advice?: Prose | null },
): ChainLink => ({ place, verdict, text, why, advice, about });

export const proven = (place: ChainPlace, words: Words): ChainLink => link(place, "proven", words);
export const assumed = (place: ChainPlace, words: Words & { readonly advice?: Prose }): ChainLink =>
  link(place, "assumed", words);
export const broken = (place: ChainPlace, words: Words & { readonly advice: Prose }): ChainLink =>
  link(place, "broken", words);

/** A file's text; null where there is none, or it is no plain file, or larger than any of its kind. */
export async function readTextOr(
  view: GuestView,
  path: string,
  maxBytes = 4 * 2 ** 20,
): Promise<string | null> {
  return await view.readText(path, { maxBytes }).catch(orNull);
}

/**
 * A boot loader's own file; null where there is none. RangeError where it is larger than what is read here: half a menu would
 * be another menu.
 */
export async function readMenuText(view: GuestView, path: string): Promise<string | null> {
  return await view.readText(path, { maxBytes: MAX_MENU_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError) throw notReadToEnd(path, `more than ${MAX_MENU_BYTES / 2 ** 20} MiB`);
    return orNull(error);
  });
}

const MAX_MENU_BYTES = 4 * 2 ** 20;

/** `what`: `more than 2000 entries`. */
export const notReadToEnd = (path: string, what: string): RangeError =>
  new RangeError(`${path} was not read to its end: it has ${what}`);

/** Loops of a menu are not run: what stands in front of one is as it is. */
export class LoopError extends RangeError {}

export async function listOr(view: GuestView, path: string): Promise<readonly string[]> {
  return (await view.list(path).catch(orNull)) ?? [];
}

/** The first of these paths that is there, with its links resolved. */
export async function firstThere(view: GuestView, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const found = await view.resolve(path);
    if (found !== null) return found;
  }
  return null;
}

function orNull(error: unknown): null {
  if (error instanceof RangeError || error instanceof TypeError) return null;
  throw error;
}
