// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso build: the live CD.
import { parseSize, UserError } from "../../../core/index.ts";
import { buildIso, DEFAULT_ROOM_BYTES } from "../../../iso/index.ts";
import { readBounded } from "../../../system/index.ts";
import { type Given, parseAnswerFile } from "../../settings/index.ts";
import { VERSION } from "../../version.ts";
import { type CommandRunner, say, sayJson } from "../context.ts";

export const runIsoBuild: CommandRunner = async (given, { signal }) => {
  const json = given.flag("json");
  const built = await buildIso({
    out: given.one("out") ?? "virt-p2v.iso",
    ...(await givenFiles(given)),
    packages: given.many("package"),
    suite: given.one("suite") ?? "trixie",
    roomBytes: roomOf(given),
    version: VERSION,
    say: (text) => void process.stderr.write(`${text}\n`),
    signal,
  });
  if (json) sayJson(built);
  else say(built.path);
  return 0;
};

/** What a medium is given besides the program. */
export const givenFiles = async (
  given: Given,
): Promise<Record<"sshKey" | "answers" | "extras", string | null>> => ({
  sshKey: given.one("ssh-key"),
  answers: await checkedAnswers(given),
  extras: given.one("extras"),
});

/** A mistake is better reported here than at a server's console; a missing file is reported later. */
async function checkedAnswers(given: Given): Promise<string | null> {
  const answers = given.one("config");
  const text = answers === null ? null : ((await readBounded(answers))?.toString("utf8") ?? null);
  if (answers !== null && text !== null) parseAnswerFile(text, answers);
  return answers;
}

const MIB = 2 ** 20;

function roomOf(given: Given): number {
  const text = given.one("room");
  if (text === null) return DEFAULT_ROOM_BYTES;
  const bytes = parseSize(text);
  if (bytes !== null && bytes >= 8 * MIB && bytes <= 2048 * MIB) return bytes;
  throw new UserError("room-wrong", `--room "${text}" is not understood`, {
    advice: "Give a size from 8M to 2G, such as 64M",
  });
}
