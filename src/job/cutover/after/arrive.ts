// SPDX-License-Identifier: Apache-2.0
// The live system that has replaced a running server: connected as that was, with the same disks; and in the end, what is told
// to the destination.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../core/index.ts";
import { parseDestination, sshHost, writePinnedSshConfig } from "../../../hosts/index.ts";
import { inspectMachine } from "../../../inspect/index.ts";
import { applyNetwork } from "../../../network/index.ts";
import { makeRunDirectory, readBounded } from "../../../system/index.ts";
import { vmDirectory } from "../../destination/destination.ts";
import { diskMarks, findDisk } from "../disks.ts";
import { hasLeft } from "./leave-network.ts";
import { forbidKey } from "../jump/job-key.ts";
import { readMark, writeMark } from "../mark.ts";
import { type CutoverNote, NOTE_DIRECTORY, NOTE_FILES } from "../note.ts";

/** Paths of the disks, in the note's order. UserError, which heals: a controller may take its time. */
export async function arrive(
  note: CutoverNote,
  { signal }: { signal: AbortSignal },
): Promise<readonly string[]> {
  const machine = await inspectMachine({ signal });
  await applyNetwork(note.network, { nics: machine.nics, signal });
  await nameHost(note);
  const here = [...diskMarks(machine.storage).values()];
  return note.disks.map((mark) => {
    const path = findDisk(mark, here);
    if (path !== null) return path;
    throw new UserError(
      "cutover-disk-away",
      `The disk that was ${mark.path} on the server is not seen (${mark.serial ?? "without a serial number"})`,
      {
        advice: "The live system may lack its driver: see virt-p2v inspect",
      },
    );
  });
}

/** As on the server, whose /etc/hosts or name servers are not here. */
async function nameHost({ host: { name, address } }: CutoverNote): Promise<void> {
  if (name === address) return;
  const line = `${address} ${name}\n`;
  const hosts = (await readBounded("/etc/hosts"))?.toString("utf8") ?? "";
  if (!hosts.includes(line)) await appendFile("/etc/hosts", line);
}

export const noteIdentity = (): string => join(NOTE_DIRECTORY, NOTE_FILES.identity);

/** The last word to the destination; its key there ends. `words`: why it failed; null: it is done. */
export async function depart(
  note: CutoverNote,
  { words, signal }: { words: string | null; signal: AbortSignal },
): Promise<void> {
  if (hasLeft()) return; // it was told before
  const destination = parseDestination(note.to);
  if (destination.kind !== "ssh") throw new Error("The note of a cutover names a directory");
  await using directory = await makeRunDirectory("depart");
  const access = { identity: noteIdentity(), fingerprint: note.hostKey, directory: directory.path };
  const sshConfig = await writePinnedSshConfig({ destination, ...access, signal });
  await using host = await sshHost({ destination, sshConfig, signal });
  const at = vmDirectory(destination, note.name);
  const mark = await readMark(host, at);
  if (mark !== null)
    await writeMark(host, at, { ...mark, state: words === null ? "done" : "failed", words: words ?? "" });
  if (note.isKeyOurs) await forbidKey(host, { name: note.name, signal });
}
