// SPDX-License-Identifier: Apache-2.0
// The note as files of the initramfs: readable by root alone, and nowhere but in memory.
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { keepSecret } from "../../../core/index.ts";
import { type CutoverNote, NOTE_FILES, renderNote } from "../note.ts";

type Packed = { readonly name: string; readonly mode: number; readonly bytes: Uint8Array };

/** Where the initramfs has them; its init copies that to NOTE_DIRECTORY. */
const DIRECTORY = "cutover";

export async function packNote({
  note,
  identity,
  answers,
  returns,
  prepared,
}: {
  readonly note: CutoverNote;
  /** Path of the private key. */
  readonly identity: string;
  readonly answers: string;
  readonly returns: boolean;
  /** A directory of files, or none; left out where they are more. */
  readonly prepared: { readonly directory: string; readonly maxBytes: number };
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
    ...(await packPrepared(prepared)),
  ];
}

type Prepared = Parameters<typeof packNote>[0]["prepared"];

async function packPrepared({ directory, maxBytes }: Prepared): Promise<readonly Packed[]> {
  if (!existsSync(directory)) return [];
  const at = `${DIRECTORY}/${NOTE_FILES.prepared}`;
  const packed: Packed[] = [{ name: at, mode: 0o040700, bytes: Buffer.alloc(0) }];
  let left = maxBytes;
  for (const name of await readdir(directory)) {
    left -= (await stat(join(directory, name))).size;
    if (left < 0) return [];
    packed.push({ name: `${at}/${name}`, mode: 0o100600, bytes: await readFile(join(directory, name)) });
  }
  return packed;
}
