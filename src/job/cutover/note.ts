// SPDX-License-Identifier: Apache-2.0
// What a running server leaves, in memory alone, for the live system that replaces it: a directory of the initramfs, which
// its init keeps at NOTE_DIRECTORY.
import * as z from "zod";
import { BOND_MODES, isVmName, type NetworkSetup } from "../../core/index.ts";
import { readBounded } from "../../system/index.ts";
import type { DiskMark } from "./disks.ts";

/** In the live system; and the files in it. */
export const NOTE_DIRECTORY = "/run/p2v/cutover";
export const NOTE_FILES = {
  note: "note.json",
  /** Settings of the migration. */
  answers: "answers.yaml",
  /** The private key for the destination. */
  identity: "identity",
  /** A directory: what was built before the jump. */
  prepared: "prepared",
  /** There: whatever ends the job starts the server's own system (p2v-return.service). */
  return: "return",
} as const;

export type CutoverNote = {
  readonly format: "cutover/1";
  readonly version: string;
  readonly name: string;
  /** `ssh://user@host:port/path`. */
  readonly to: string;
  /** The destination's name, where that is none, and the address that it had. */
  readonly host: { readonly name: string; readonly address: string };
  /** `SHA256:...`. */
  readonly hostKey: string;
  readonly network: NetworkSetup;
  readonly disks: readonly DiskMark[];
  /** The key was made for this job: it is taken out at the destination when the job ends. */
  readonly isKeyOurs: boolean;
  readonly retryForMs: number;
};

const text = z.string().max(4096);
const list = z.array(text).max(64);
const kind = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("card"), mac: text.nullable() }),
  z.object({ kind: z.literal("vlan"), id: z.int().min(0).max(4094), on: text }),
  z.object({ kind: z.literal("bond"), mode: z.enum(BOND_MODES), ports: list }),
  z.object({ kind: z.literal("bridge"), ports: list }),
]);
const ip = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("none") }),
  z.object({ kind: z.literal("auto") }),
  z.object({ kind: z.literal("static"), addresses: list, gateways: list }),
]);
const NOTE = z.object({
  format: z.literal("cutover/1"),
  version: text,
  name: text.refine(isVmName),
  to: text,
  host: z.object({ name: text, address: text }),
  hostKey: text,
  network: z.object({
    links: z.array(z.object({ name: text, kind, ip, mtu: z.int().min(68).max(65_536).nullable() })).max(256),
    dns: list,
    search: list,
  }),
  disks: z
    .array(
      z.object({
        path: text,
        sizeBytes: z.int().min(1),
        serial: text.nullable(),
        partitions: z.array(text).max(1024),
      }),
    )
    .min(1)
    .max(256),
  isKeyOurs: z.boolean(),
  retryForMs: z.number().min(0),
});

export const renderNote = (note: CutoverNote): string => `${JSON.stringify(note)}\n`;

/** Error where it is none: it came out of our own initramfs. Pure. */
export function parseNote(bytes: string): CutoverNote {
  return NOTE.parse(JSON.parse(bytes));
}

/** null: this system did not replace a running server. */
export async function readNote(directory: string = NOTE_DIRECTORY): Promise<CutoverNote | null> {
  const bytes = await readBounded(`${directory}/${NOTE_FILES.note}`, { maxBytes: 2 ** 22 });
  return bytes === null ? null : parseNote(bytes.toString("utf8"));
}
