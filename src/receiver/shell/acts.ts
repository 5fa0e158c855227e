// SPDX-License-Identifier: Apache-2.0
// Acts of the shell on a host: a failure is reported in the last words of its programs.
import { lastWords } from "../../core/index.ts";
import { failedAct, type ReceiverProblem } from "../problem.ts";
import type { Answer, RemoteShell } from "./remote-shell.ts";

export class Acts {
  readonly #shell: RemoteShell;
  /** The directory, for messages. */
  where: string;

  constructor(shell: RemoteShell, where: string) {
    this.#shell = shell;
    this.where = where;
  }

  /** The lines that a script prints. ReceiverProblem where it fails; `what` names the act. */
  async run(what: string, script: string, input?: Uint8Array): Promise<readonly string[]> {
    const { code, lines } = await this.#shell.run(script, input);
    if (code !== 0) throw this.failed(what, lines);
    return lines;
  }

  /** 0, or a code that is `allow`ed. */
  async codeOf(
    what: string,
    script: string,
    { input, allow }: { readonly input?: Uint8Array; readonly allow: number },
  ): Promise<number> {
    const { code, lines } = await this.#shell.run(script, input);
    if (code !== 0 && code !== allow) throw this.failed(what, lines);
    return code;
  }

  async answer(script: string): Promise<Answer> {
    return await this.#shell.run(script);
  }

  /** dd counts its records also when it fails. */
  failed(what: string, lines: readonly string[]): ReceiverProblem {
    const telling = lines.filter((line) => !/ records (?:in|out)$|copied/.test(line));
    const words = lastWords(telling.join("\n"), { lines: 4 });
    return failedAct(what, words, this.where);
  }
}
