// SPDX-License-Identifier: Apache-2.0
// What the destination is told of a cutover: that and when the server went down, by the destination's own clock, since that of a
// server that starts again may be another; and what became of it. A file beside the VM's directory.
import * as z from "zod";
import type { CutoverReport, Host } from "../../core/index.ts";
import { readNote } from "./note.ts";

const MARK = z.object({
  format: z.literal("cutover-mark/1"),
  state: z.enum(["down", "failed", "done"]),
  /** Seconds of the destination's clock when the server was told to shut down. */
  downAt: z.number().min(0),
  server: z.string().max(256),
  words: z.string().max(8192),
});
export type CutoverMark = z.infer<typeof MARK>;

const fileOf = (directory: string): string => `${directory}.cutover.json`;

export async function writeMark(host: Host, directory: string, mark: CutoverMark): Promise<void> {
  await host.writeFile(fileOf(directory), Buffer.from(`${JSON.stringify(mark, null, 2)}\n`), { mode: 0o600 });
}

/** null: there is none, or nothing that we wrote. */
export async function readMark(host: Host, directory: string): Promise<CutoverMark | null> {
  const bytes = await host.readFile(fileOf(directory), { maxBytes: 65_536 });
  if (bytes === null) return null;
  try {
    return MARK.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return null;
  }
}

export async function removeMark(host: Host, directory: string): Promise<void> {
  await host.remove(fileOf(directory));
}

/** Seconds of the host's clock. */
export async function clockOf(host: Host, signal: AbortSignal): Promise<number> {
  const { stdout } = await host.run(["date", "+%s"], { timeoutMs: 60_000, signal });
  const seconds = Number(stdout.trim());
  if (!Number.isSafeInteger(seconds)) throw new Error(`date on ${host.title} says ${stdout.slice(0, 100)}`);
  return seconds;
}

/** How long the server's services have been gone; null: no running server was replaced, or nobody wrote down when. */
export async function measureDowntime(options: {
  host: Host;
  directory: string;
  until: CutoverReport["until"];
  signal: AbortSignal;
}): Promise<CutoverReport | null> {
  const { host, directory, until, signal } = options;
  if ((await readNote()) === null) return null;
  const mark = await readMark(host, directory);
  if (mark === null || mark.state !== "down") return null;
  return { downtimeSeconds: Math.max(0, (await clockOf(host, signal)) - mark.downAt), until };
}
