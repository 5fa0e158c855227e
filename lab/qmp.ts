// SPDX-License-Identifier: Apache-2.0
// QEMU's machine protocol (docs/interop/qmp-spec), as little of it as the tests need.
import { type Socket, connect } from "node:net";
import { waitFor } from "./processes.ts";

type Reply = { readonly return?: unknown; readonly error?: { readonly desc?: string } };

export type QmpEvent = { readonly event: string; readonly data?: Readonly<Record<string, unknown>> };

export interface Qmp extends Disposable {
  /** Throws with QEMU's words when it refuses. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** What QEMU told by itself since the connection was made. */
  readonly events: readonly QmpEvent[];
}

/** Connects as soon as QEMU listens on the UNIX socket. */
export async function connectQmp(path: string, { signal }: { signal: AbortSignal }): Promise<Qmp> {
  let socket: Socket | null = null;
  await waitFor(
    "QEMU's control socket",
    async () => {
      socket = await tryConnect(path);
      return socket !== null;
    },
    { signal },
  );
  const open: Socket = socket ?? connect(path);
  const waiting: ((reply: Reply) => void)[] = [];
  const events: QmpEvent[] = [];
  let rest = "";
  open.on("data", (part) => {
    const lines = (rest + part.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line) as Reply & Partial<QmpEvent> & { QMP?: unknown };
      if (message.event !== undefined) events.push({ ...message, event: message.event });
      else if (message.QMP === undefined) waiting.shift()?.(message);
    }
  });
  const fail = (): void => {
    for (const answer of waiting.splice(0)) answer({ error: { desc: "QEMU is gone" } });
  };
  open.on("close", fail);
  open.on("error", fail);
  const execute: Qmp["execute"] = async (command, args = {}) => {
    const reply = await new Promise<Reply>((resolve) => {
      if (open.destroyed) return resolve({ error: { desc: "QEMU is gone" } });
      waiting.push(resolve);
      open.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    if (reply.error !== undefined) throw new Error(`${command}: ${reply.error.desc ?? "refused"}`);
    return reply.return;
  };
  await execute("qmp_capabilities");
  return { execute, events, [Symbol.dispose]: () => open.destroy() };
}

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(null));
  });
}
