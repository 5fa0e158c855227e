// SPDX-License-Identifier: Apache-2.0
// A copy's connection where the agent cannot run: a shell there plays its part.
import type { Link } from "../../core/index.ts";
import { streamPair } from "./pair.ts";
import { serveByShell } from "./receiver.ts";
import { RemoteShell, type ShellHost } from "./remote-shell.ts";

/** So long it may make durable what it has. */
const GRACE_MS = 5000;

export async function startShellReceiver(
  host: ShellHost,
  { directory, because }: { directory: string; because: string | null },
): Promise<Link> {
  const shell = await RemoteShell.open(host, directory);
  const [here, there] = streamPair();
  here.on("error", () => undefined); // whoever reads or writes hears of it
  there.on("error", () => undefined);
  const serve = async (): Promise<void> => {
    try {
      await serveByShell(shell, there);
    } finally {
      await shell[Symbol.asyncDispose]();
    }
  };
  const served = serve();
  served.catch(() => undefined); // awaited when the link closes
  return {
    stream: here,
    receiver: { kind: "shell", because },
    lastWords: () => shell.lastWords(),
    async [Symbol.asyncDispose]() {
      here.end();
      const hard = setTimeout(() => void shell[Symbol.asyncDispose](), GRACE_MS); // its shell may hang
      await served.catch(() => undefined);
      clearTimeout(hard);
      here.destroy();
      there.destroy();
    },
  };
}
