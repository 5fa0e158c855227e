// SPDX-License-Identifier: Apache-2.0
// A copy's connection where the agent cannot run: the rules run here, and a shell there does what they say.
import type { Link } from "../../core/index.ts";
import { serve, type ServeOptions } from "../serve.ts";
import { streamPair } from "./pair.ts";
import { RemoteShell, type ShellHost } from "./remote-shell.ts";
import { ShellStore } from "./store.ts";

/** A flush starts ten programs: it is worth waiting for some cells. */
const GROUP_MS = 500;
/** So long it may make durable what it has. */
const GRACE_MS = 5000;

export type ShellOptions = ServeOptions & {
  readonly directory: string;
  /** Why the agent cannot run there; null: so it was wanted. */
  readonly because: string | null;
};

export async function startShellReceiver(
  host: ShellHost,
  { directory, because, ...options }: ShellOptions,
): Promise<Link> {
  const shell = await RemoteShell.open(host);
  const [here, there] = streamPair();
  here.on("error", () => undefined); // whoever reads or writes hears of it
  there.on("error", () => undefined);
  const served = serve(there, new ShellStore(shell, directory), { groupMs: GROUP_MS, ...options });
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
