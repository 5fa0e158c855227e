// SPDX-License-Identifier: Apache-2.0
// The two streams of a started script as one byte stream.
import { Duplex } from "node:stream";
import type { Link } from "../core/index.ts";
import type { Started } from "./shell.ts";

const GRACE_MS = 5000;

/** Closing lets the agent end by itself first: it makes durable what it has, and frees its lock. */
export function linkOf(started: Started): Link {
  const stream = Duplex.from({ readable: started.stdout, writable: started.stdin });
  stream.on("error", () => undefined); // whoever reads or writes hears of it
  let open = true;
  return {
    stream,
    lastWords: () => started.stderrTail(),
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      started.stdin.end();
      const hard = setTimeout(() => started.child.kill("SIGKILL"), GRACE_MS);
      started.child.stdout?.resume();
      await started.closed;
      clearTimeout(hard);
      stream.destroy();
    },
  };
}
