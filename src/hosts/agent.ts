// SPDX-License-Identifier: Apache-2.0
// Starts the agent where the VM will live. Here it is this program's own Node; over ssh it is brought there first.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Link } from "../core/index.ts";
import { quoteWord } from "../system/index.ts";
import { linkOf } from "./link.ts";
import { startScript, type Transport } from "./shell.ts";

/** zlib of several cells at once; and malloc that gives large buffers back to itself, not to the system. */
const ENVIRONMENT = "UV_THREADPOOL_SIZE=6 MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456";

/** Beside this file when bundled, in the source tree otherwise. */
export function agentProgram(): string {
  const bundled = join(import.meta.dirname, "agent.mjs");
  return existsSync(bundled) ? bundled : join(import.meta.dirname, "../../bin/agent.ts");
}

export async function startAgent(
  transport: Transport,
  { directory, signal }: { directory: string; signal: AbortSignal },
): Promise<Link> {
  const words = [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    agentProgram(),
    "--directory",
    directory,
  ];
  const script = `${ENVIRONMENT} exec ${words.map(quoteWord).join(" ")}`;
  return linkOf(await startScript(transport, script, { signal, lane: true }));
}
