// SPDX-License-Identifier: Apache-2.0
// Keys of LUKS volumes, from the files that the user named. Nothing but their path is ever shown or written.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import {
  type LuksKey,
  makeProblem,
  type Problem,
  type ProblemCode,
  Secret,
  UserError,
} from "../../core/index.ts";
import type { KeyAnswer } from "../../plan/index.ts";
import { isErrno } from "../../system/index.ts";

/** As cryptsetup takes of a key file (its manual: --keyfile-size). */
const MAX_BYTES = 8 * 2 ** 20;

export type ReadKeys = { readonly keys: readonly LuksKey[]; readonly problems: readonly Problem[] };

/** UserErrors (usage) that name the file: key-missing, key-no-file, key-wrong-size. */
export async function readKeys(answers: readonly KeyAnswer[]): Promise<ReadKeys> {
  const keys: LuksKey[] = [];
  const problems: Problem[] = [];
  for (const { uuid, from } of answers) {
    if (from.kind === "typed") {
      keys.push({ uuid, secret: from.secret, title: "the passphrase that was typed" });
      continue;
    }
    const { secret, isOpenToOthers } = await readKeyFile(from.path);
    keys.push({ uuid, secret, title: from.path });
    if (isOpenToOthers) problems.push(readable(from.path));
  }
  return { keys, problems };
}

async function readKeyFile(path: string): Promise<{ secret: Secret; isOpenToOthers: boolean }> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would keep us waiting
    const about = await file.stat();
    if (!about.isFile())
      throw wrong("key-no-file", `${path} is not a file`, "Name a regular file with the passphrase or key");
    if (about.size === 0 || about.size > MAX_BYTES)
      throw wrong(
        "key-wrong-size",
        `${path} has ${about.size} bytes`,
        "A key file holds a passphrase, or up to 8 MiB of key",
      );
    return { secret: new Secret(await file.readFile()), isOpenToOthers: (about.mode & 0o007) !== 0 };
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EISDIR", "ENXIO"))
      throw wrong("key-missing", `The key file ${path} cannot be read`, "Check the path after --key");
    throw error;
  }
}

const wrong = (code: ProblemCode, message: string, advice: string): UserError =>
  new UserError(code, message, { advice });

function readable(path: string): Problem {
  return makeProblem("key-readable", {
    about: [{ kind: "file", of: "here", path }],
    text: `Every user of this system may read the key file ${path}`,
    advice: `Remove it after the migration, or at least: chmod 600 ${path}`,
  });
}
