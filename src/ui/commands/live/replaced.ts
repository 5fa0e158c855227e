// SPDX-License-Identifier: Apache-2.0
// The live system in place of a server that was running: what the note of `virt-p2v cutover` adds to an unattended run.
import { arrive, type CutoverNote, depart, noteIdentity, readNote } from "../../../job/index.ts";
import { renderError } from "../../print/index.ts";
import type { LiveSettings } from "../../settings/index.ts";
import { say } from "../context.ts";

export type Replaced = {
  readonly note: CutoverNote;
  /** The same, with the note's place, key and name. Connects this system as the server was; UserError as arrive(). */
  readonly settle: (live: LiveSettings, signal: AbortSignal) => Promise<LiveSettings>;
  /** `words`: why it failed; null: it is done. What cannot be told any more is not. */
  readonly tell: (words: string | null) => Promise<void>;
};

/** null: it came from a CD, a stick or the network. */
export async function readReplaced(): Promise<Replaced | null> {
  const note = await readNote();
  if (note === null) return null;
  return {
    note,
    settle: async (live, signal) => {
      const disks = await arrive(note, { signal });
      return {
        ...live,
        migrate: [
          ...live.migrate,
          "--to",
          note.to,
          "--name",
          note.name,
          ...disks.flatMap((disk) => ["--disk", disk]),
        ],
        hostKey: note.hostKey,
        identity: noteIdentity(),
      };
    },
    tell: async (words) => {
      try {
        await depart(note, { words, signal: AbortSignal.timeout(LAST_WORD_MS) });
      } catch (error) {
        say(
          `The destination could not be told: ${error instanceof Error ? renderError(error) : String(error)}`,
        );
      }
    },
  };
}

const LAST_WORD_MS = 120_000;
