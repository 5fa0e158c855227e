// SPDX-License-Identifier: Apache-2.0
// The end of the connection on the server: finds the job or starts its keeper, and then only passes on what both say.
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { pipeline } from "node:stream/promises";
import { lastWords, UserError } from "../core/index.ts";
import { isErrno, lockFile, readBounded, startDetached } from "../system/index.ts";
import { encodeFrame, type Frame, readFirst } from "./frames.ts";
import { commonFiles, jobFiles, openJobDirectory } from "./job-directory.ts";
import { readState } from "./keeper.ts";
import { type JobRequest, type Message, parseMessage } from "./messages.ts";

/** A keeper that is not there by then will not come; its program has to be loaded, on a busy server. */
const KEEPER_MS = 120_000;

export type FarEndOptions = {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** The words that make this program a keeper: a directory and the request, as JSON, are put behind. */
  readonly keeper: readonly string[];
  readonly signal: AbortSignal;
};

/** False: the connection ended before it asked for anything. */
export async function serveFarEnd({ stdin, stdout, keeper, signal }: FarEndOptions): Promise<boolean> {
  const first = await readFirst(stdin);
  if (first?.kind !== "hello") return false;
  const agent = process.env["SSH_AUTH_SOCK"] ?? null;
  const hello = { ...parseMessage("hello", first), agent };
  let job: Joined;
  try {
    job = await join(hello, keeper, signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    stdout.write(encodeFrame("failed", { text: `${error.message}. ${error.advice}` }));
    return true;
  }
  stdout.write(encodeFrame(job.answer.kind, job.answer.payload));
  // Whichever ends, the other has nobody left to talk to.
  await Promise.race([pipeline(stdin, job.socket), pipeline(job.socket, stdout, { end: false })]).catch(
    () => undefined,
  );
  job.socket.destroy();
  return true;
}

type Joined = { readonly socket: Socket; readonly answer: Frame };

async function join(
  hello: Message<"hello">,
  keeper: readonly string[],
  signal: AbortSignal,
): Promise<Joined> {
  const directory = await openJobDirectory();
  const common = commonFiles(directory);
  await using _ = await lockFile(common.lock, signal);
  const state = await readState(common.state);
  let earlier: JobRequest["earlier"] = null;
  if (state !== null) {
    const files = jobFiles(directory, state.id);
    const found = await greet(files.socket, hello);
    const refused = found?.answer.kind === "refused" ? parseMessage("refused", found.answer) : null;
    if (found !== null && (refused === null || refused.ended === null)) return found;
    // Nobody saw how that one ended; or its keeper was killed, and took nothing away.
    earlier = { words: state.words, code: refused?.ended?.code ?? null };
    if (found !== null) await hangUp(found.socket);
    else for (const path of Object.values(files)) await rm(path, { force: true });
  }
  const request: JobRequest = { id: randomBytes(8).toString("hex"), hello, earlier };
  return await startKeeper([...keeper, directory, JSON.stringify(request)], request, directory);
}

async function startKeeper(
  argv: readonly string[],
  { id, hello }: JobRequest,
  directory: string,
): Promise<Joined> {
  const files = jobFiles(directory, id);
  await startDetached(argv, { env: process.env, cwd: "/", log: files.log });
  for (const end = performance.now() + KEEPER_MS; performance.now() < end; await sleep(50)) {
    const started = await greet(files.socket, hello);
    if (started !== null) return started;
  }
  const said = (await readBounded(files.log))?.toString("utf8") ?? "";
  throw new UserError(
    "remote-does-not-run",
    `The job did not begin: ${lastWords(said) || "it said nothing"}`,
    {
      advice: "See whether the server has memory and processes left",
    },
  );
}

/** Says it, and takes the answer. null: nobody is there. */
async function greet(path: string, hello: Message<"hello">): Promise<Joined | null> {
  const socket = connect(path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ECONNREFUSED")) return null;
    throw error;
  }
  socket.on("error", () => socket.destroy());
  socket.write(encodeFrame("hello", hello));
  const answer = await readFirst(socket);
  return answer === null ? null : { socket, answer };
}

/** Its end is known: its keeper ends too. */
async function hangUp(socket: Socket): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.resume();
  socket.end(encodeFrame("done"));
  await closed;
}
