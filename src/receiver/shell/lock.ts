// SPDX-License-Identifier: Apache-2.0
// The directory's lock, taken by a shell: the same file, with the same meaning, as the agent's (doc/protocol.md).
import { randomBytes } from "node:crypto";
import * as z from "zod";
import { quoteWord } from "../../system/index.ts";
import { ReceiverProblem } from "../problem.ts";
import type { RemoteShell } from "./remote-shell.ts";

const LOCK = ".p2v-lock";
const TRIES = 10;

const HOLDER = z.object({
  job: z.string().max(64),
  pid: z.int().nonnegative(),
  started: z.string().max(32),
  boot: z.string().max(64),
  host: z.string().max(255),
});

// Field 22 of /proc/PID/stat; the second may hold blanks and brackets, so they are counted behind the last bracket.
const FACTS = `p2v_start() { p2v_t=$(cat "/proc/$1/stat" 2>/dev/null) || return 0; set -- \${p2v_t##*)}; shift 19; echo "$1"; }; p2v_boot=$(cat /proc/sys/kernel/random/boot_id)`;

/** `job` is the sender's random id: letters, digits and dashes. */
export async function takeLock(shell: RemoteShell, job: string): Promise<void> {
  await shell.run(FACTS);
  const make = `p2v_lock='{"job":"${job}","pid":'$$',"started":"'$(p2v_start $$)'","boot":"'$p2v_boot'","host":"'$(uname -n)'"}'; printf %s "$p2v_lock" >${LOCK}.$$ && ln ${LOCK}.$$ ${LOCK} 2>/dev/null; p2v_c=$?; rm -f ${LOCK}.$$; [ $p2v_c = 0 ] || { p2v_lock=; cat ${LOCK}; (exit 3); }`;
  for (let tries = 0; ; tries += 1) {
    const { code, lines } = await shell.run(make);
    if (code === 0) return;
    const text = lines.join("\n");
    if (tries >= TRIES || (await isAlive(shell, text))) throw held(text);
    const aside = `${LOCK}.${randomBytes(6).toString("hex")}`;
    // If it is not the one that was looked at, another was faster, and it is put back.
    await shell.run(
      `mv ${LOCK} ${aside} && { [ "$(cat ${aside})" = ${quoteWord(text)} ] || ln ${aside} ${LOCK}; rm -f ${aside}; }`,
    );
  }
}

export async function expectLock(shell: RemoteShell, job: string): Promise<void> {
  const { lines } = await shell.run(`cat ${LOCK}`);
  if (parseHolder(lines.join("\n"))?.job === job) return;
  throw new ReceiverProblem("destination-gone", `Job ${job} does not hold the directory`, {
    advice: "Run the same command again",
  });
}

async function isAlive(shell: RemoteShell, text: string): Promise<boolean> {
  const holder = parseHolder(text);
  if (holder === null) return false;
  const { lines } = await shell.run(`uname -n; echo "$p2v_boot"; p2v_start ${holder.pid}`);
  const [host, boot, started] = lines;
  if (holder.host !== host) return true; // a shared file system: nothing is known of that machine's processes
  return holder.boot === boot && holder.started === started;
}

function parseHolder(text: string): z.infer<typeof HOLDER> | null {
  try {
    return HOLDER.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function held(text: string): ReceiverProblem {
  const holder = parseHolder(text);
  const who = holder === null ? "another job" : `a job of process ${holder.pid} on ${holder.host}`;
  return new ReceiverProblem("destination-busy", `The directory is in use by ${who}`, {
    advice: `Wait for it to end, or stop it. If that machine is gone for good, remove ${LOCK} there`,
  });
}
