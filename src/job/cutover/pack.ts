// SPDX-License-Identifier: Apache-2.0
// The note as files of the initramfs: readable by root alone, and nowhere but in memory.
import { readFile } from "node:fs/promises";
import { keepSecret } from "../../core/index.ts";
import { type CutoverNote, NOTE_FILES, renderNote } from "./note.ts";

type Packed = { readonly name: string; readonly mode: number; readonly bytes: Uint8Array };

/** Where the initramfs has them; its init copies that to NOTE_DIRECTORY. */
const DIRECTORY = "cutover";

export async function packNote({
  note,
  identity,
  answers,
  returns,
}: {
  readonly note: CutoverNote;
  /** Path of the private key. */
  readonly identity: string;
  readonly answers: string;
  readonly returns: boolean;
}): Promise<readonly Packed[]> {
  const key = await readFile(identity);
  keepSecret(key.toString("latin1"));
  const file = (name: string, bytes: Uint8Array): Packed => ({
    name: `${DIRECTORY}/${name}`,
    mode: 0o100600,
    bytes,
  });
  return [
    { name: DIRECTORY, mode: 0o040700, bytes: Buffer.alloc(0) },
    file(NOTE_FILES.note, Buffer.from(renderNote(note))),
    file(NOTE_FILES.answers, Buffer.from(answers)),
    file(NOTE_FILES.identity, key),
    ...(returns ? [file(NOTE_FILES.return, Buffer.alloc(0))] : []),
  ];
}
