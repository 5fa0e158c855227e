// SPDX-License-Identifier: Apache-2.0
// The directory's lock, by the programs of a host. The shell itself removes it at its end, also when we are gone.
import { randomBytes } from "node:crypto";
import { LOCK, MAX_LOCK_BYTES } from "../lock.ts";
import { notRegular } from "../problem.ts";
import type { LockPlace } from "../store.ts";
import type { Acts } from "./acts.ts";
import { parseHex } from "./hashes.ts";
import { keepWords } from "./scripts.ts";

const EXISTS = 3;

export class ShellLock implements LockPlace {
  readonly #acts: Acts;

  constructor(acts: Acts) {
    this.#acts = acts;
  }

  /** `job` is letters, digits and dashes (src/wire). */
  async make(job: string): Promise<boolean> {
    const aside = asideName();
    const holder = `{"job":"${job}","pid":'$$',"started":"'"$p2v_me"'","boot":"'"$p2v_boot"'","host":"'"$(uname -n)"'"}`;
    const link = `{ ( set -C; printf %s "$p2v_lock" >${aside} ) && { { [ ! -d ${LOCK} ] && ln ${aside} ${LOCK}; } || { { [ -e ${LOCK} ] || [ -L ${LOCK} ]; } && exit ${EXISTS}; }; }; }`;
    const script = `p2v_lock='${holder}'; ${keepWords(link)}; p2v_c=$?; rm -f ${aside}; [ $p2v_c = 0 ] || p2v_lock=; (exit $p2v_c)`;
    return (await this.#acts.codeOf("Locking", script, { allow: EXISTS })) === 0;
  }

  /** Never waits, as for a fifo, and follows no link. */
  async read(): Promise<Buffer | null> {
    const script = `if [ -f ${LOCK} ] && [ ! -L ${LOCK} ]; then head -c ${MAX_LOCK_BYTES + 1} ${LOCK} | od -A n -v -t x1; elif [ -e ${LOCK} ] || [ -L ${LOCK} ]; then echo other; else echo absent; fi`;
    const lines = await this.#acts.run("Reading the lock", script);
    if (lines.includes("absent")) return null;
    const content = parseHex(lines);
    if (lines.includes("other") || content.length > MAX_LOCK_BYTES)
      throw notRegular(`${this.#acts.where}/${LOCK}`);
    return content;
  }

  /** If it is not the one that was looked at, another was faster, and it is put back. */
  async takeAway(content: Buffer): Promise<void> {
    const aside = asideName();
    const same = `[ "$(od -A n -v -t x1 <${aside} | tr -d ' \\n')" = "${content.toString("hex")}" ]`;
    await this.#acts.run(
      "Removing a stale lock",
      `mv ${LOCK} ${aside} 2>/dev/null && { ${same} || ln ${aside} ${LOCK} 2>/dev/null; rm -f ${aside}; } || true`,
    );
  }

  async look(pid: number): Promise<{ host: string; boot: string; started: string | null }> {
    const lines = await this.#acts.run("Reading the lock", `uname -n; echo "$p2v_boot"; p2v_start ${pid}`);
    const [host = "", boot = "", started = null] = lines;
    return { host, boot, started };
  }
}

const asideName = (): string => `${LOCK}.${randomBytes(6).toString("hex")}`;
