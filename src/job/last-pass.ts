// SPDX-License-Identifier: Apache-2.0
// How long the last pass of `copy --live` took: kept beside the VM's directory, so that a cutover can say what it will cost.
import * as z from "zod";
import type { Host } from "../core/index.ts";

/** Shutdown, start of the live system, conversion and boot check, where nobody measured them. */
const OTHER_SECONDS = 240;

/** How long a server would be down now: what the last pass took, and the rest. */
export const downtimeAfter = (lastPassSeconds: number): number => lastPassSeconds + OTHER_SECONDS;

const PASS = z.object({ format: z.literal("live-pass/1"), seconds: z.number().min(0) });

const fileOf = (directory: string): string => `${directory}.live-pass.json`;

export async function writeLastPass(
  host: Host,
  directory: string,
  { seconds }: { seconds: number },
): Promise<void> {
  const text = `${JSON.stringify({ format: "live-pass/1", seconds: Math.round(seconds) })}\n`;
  await host.writeFile(fileOf(directory), Buffer.from(text), { mode: 0o600 });
}

/** null: nothing was copied ahead, or nobody wrote it down. */
export async function readLastPass(host: Host, directory: string): Promise<number | null> {
  const bytes = await host.readFile(fileOf(directory), { maxBytes: 4096 });
  if (bytes === null) return null;
  try {
    return PASS.parse(JSON.parse(Buffer.from(bytes).toString("utf8"))).seconds;
  } catch {
    return null;
  }
}
