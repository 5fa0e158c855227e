// SPDX-License-Identifier: Apache-2.0
// A QMP client over two streams: QEMU's machine protocol, one JSON object per line (docs/interop/qmp-spec.rst).
import type { Readable } from "node:stream";
import { z } from "zod";

/** QEMU's answers are small; a line above this is not an answer of QEMU. */
const MAX_LINE_BYTES = 2 ** 20;

const Message = z.union([
  z.looseObject({ QMP: z.unknown() }),
  z.looseObject({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() }),
  z.looseObject({ id: z.number(), return: z.unknown() }),
  z.looseObject({ id: z.number(), error: z.object({ class: z.string(), desc: z.string() }) }),
]);

export type QmpEvent = { readonly name: string; readonly data: Readonly<Record<string, unknown>> };

/** QEMU refused a command, or is not there any more. */
export class QmpError extends Error {
  /** QEMU's error class; `Closed`, `Timeout` and `Protocol` are ours. */
  readonly kind: string;

  constructor(kind: string, text: string) {
    super(text);
    this.name = "QmpError";
    this.kind = kind;
  }
}

export interface Qmp {
  /** The command's `return`. Throws QmpError. */
  execute(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    options?: { timeoutMs?: number },
  ): Promise<unknown>;
}

type Pending = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** Waits for QEMU's greeting and negotiates. `onEvent` is called for each event from then on. */
export async function openQmp({
  input,
  output,
  onEvent,
  timeoutMs = 30_000,
}: {
  readonly input: NodeJS.ReadableStream | Readable;
  readonly output: NodeJS.WritableStream;
  readonly onEvent: (event: QmpEvent) => void;
  readonly timeoutMs?: number;
}): Promise<Qmp> {
  const pending = new Map<number, Pending>();
  const greeting = Promise.withResolvers<void>();
  greeting.promise.catch(() => undefined); // reported to whoever waits below
  let closed: QmpError | null = null;
  let nextId = 1;

  const close = (error: QmpError): void => {
    closed ??= error;
    greeting.reject(error);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  const take = (line: string): void => {
    const message = parseMessage(line);
    if (message === null) return close(new QmpError("Protocol", `QEMU said ${line.slice(0, 200)}`));
    if ("QMP" in message) return greeting.resolve();
    if (typeof message["event"] === "string") {
      const data = (message["data"] ?? {}) as Record<string, unknown>;
      return onEvent({ name: message["event"], data });
    }
    const id = message["id"] as number;
    const waiting = pending.get(id);
    pending.delete(id);
    if ("error" in message) {
      const { class: kind, desc } = message["error"] as { class: string; desc: string };
      waiting?.reject(new QmpError(kind, desc));
    } else waiting?.resolve(message["return"]);
  };
  void readLines(input, take).then(
    () => close(new QmpError("Closed", "QEMU has ended")),
    (error: unknown) => close(new QmpError("Closed", `QEMU's answers cannot be read: ${String(error)}`)),
  );
  output.on("error", () => undefined); // the end of `input` tells

  const qmp: Qmp = {
    async execute(command, args = {}, { timeoutMs: limit = 30_000 } = {}) {
      if (closed !== null) throw closed;
      const id = nextId++;
      const answer = Promise.withResolvers<unknown>();
      pending.set(id, answer);
      output.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
      return await within(answer.promise, limit, `QEMU did not answer ${command}`).finally(() =>
        pending.delete(id),
      );
    },
  };
  await within(greeting.promise, timeoutMs, "QEMU did not greet");
  await qmp.execute("qmp_capabilities");
  return qmp;
}

function parseMessage(line: string): z.infer<typeof Message> | null {
  try {
    return Message.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function readLines(input: NodeJS.ReadableStream, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let open = "";
  for await (const part of input) {
    open += typeof part === "string" ? part : decoder.decode(part, { stream: true });
    const lines = open.split("\n");
    open = lines.pop() ?? "";
    if (open.length > MAX_LINE_BYTES) throw new RangeError(`a line has more than ${MAX_LINE_BYTES} bytes`);
    for (const line of lines) if (line.trim() !== "") take(line);
  }
}

async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new QmpError("Timeout", `${what} within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
