// SPDX-License-Identifier: Apache-2.0
// Our part of the live system: the program with its Node, and what this very medium was given: key, answers, extras.
import { chmod, copyFile, cp, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { UserError } from "../core/index.ts";
import { writeHome } from "./home.ts";
import { filesBelow, LIVECD_DIRECTORY } from "./recipe.ts";
import { makeSquashfs } from "./squashfs.ts";

export type Given = {
  /** Files of the user; null: not given. */
  readonly sshKey: string | null;
  readonly answers: string | null;
  readonly extras: string | null;
};

/** What livecd/interface says: program and base of the same number fit each other. */
export async function readInterface(): Promise<string> {
  return (await readFile(join(LIVECD_DIRECTORY, "interface"), "utf8")).trim();
}

type ProgramOptions = {
  readonly given: Given;
  /** An empty directory. */
  readonly scratch: string;
  readonly version: string;
  /** Not, where the medium has the same. */
  readonly withNode: boolean;
  readonly signal: AbortSignal;
};

/** Writes the squashfs at `path`. */
export async function makeProgram(options: ProgramOptions & { path: string; epoch: number }): Promise<void> {
  const { path, epoch, signal } = options;
  const root = await makeProgramTree(options);
  await makeSquashfs({ root, path, exclude: [], allRoot: true, epoch, signal });
}

/** The tree that is laid over the live system, below `scratch`; its path. */
export async function makeProgramTree(options: ProgramOptions): Promise<string> {
  const { given, scratch, version, withNode, signal } = options;
  const root = join(scratch, "program");
  const home = join(root, "usr/lib/virt-p2v");
  await copyLiveFiles(root);
  await writeHome(home, { scratch, withNode, signal });
  await writeFile(join(home, "version"), `${version}\n`);
  await writeFile(join(home, "interface"), `${await readInterface()}\n`);
  await mkdir(join(root, "usr/bin"), { recursive: true });
  await symlink("../lib/virt-p2v/bin/virt-p2v", join(root, "usr/bin/virt-p2v"));
  await addGiven(given, root);
  return root;
}

/** Units, rules and configuration. A clone has its owner and umask; the live system must not. */
async function copyLiveFiles(root: string): Promise<void> {
  const from = join(LIVECD_DIRECTORY, "root");
  for (const path of await filesBelow(from)) {
    const to = join(root, relative(from, path));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(path, to);
    await chmod(to, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

async function addGiven({ sshKey, answers, extras }: Given, root: string): Promise<void> {
  await mkdir(join(root, "root"), { recursive: true });
  await chmod(join(root, "root"), 0o700);
  if (sshKey !== null) {
    await mkdir(join(root, "root/.ssh"), { mode: 0o700 });
    const keys = checkPublicKeys(sshKey, await readGiven(sshKey, "--ssh-key"));
    await writeFile(join(root, "root/.ssh/authorized_keys"), keys, { mode: 0o600 });
  }
  if (answers !== null) {
    await mkdir(join(root, "etc/virt-p2v"), { recursive: true });
    await writeFile(join(root, "etc/virt-p2v/answers.yaml"), await readGiven(answers, "--config"), {
      mode: 0o600,
    });
  }
  if (extras !== null) {
    if (!(await stat(extras).catch(() => null))?.isDirectory()) throw notThere(extras, "--extras");
    await cp(extras, join(root, "usr/lib/virt-p2v/extras"), { recursive: true, verbatimSymlinks: true });
  }
}

/** A private key on a medium that people hand around would be a gift to whoever finds it. */
export function checkPublicKeys(path: string, text: string): string {
  const lines = text.split("\n").filter((line) => !/^\s*(#|$)/.test(line));
  const isKey = (line: string): boolean =>
    /(^|\s)(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ AAAA[A-Za-z0-9+/=]+/.test(line);
  if (lines.length > 0 && lines.every(isKey)) return lines.map((line) => `${line}\n`).join("");
  throw new UserError("ssh-key-wrong", `${path} is not a public ssh key`, {
    advice: "Give the file that ends in .pub, such as ~/.ssh/id_ed25519.pub",
  });
}

async function readGiven(path: string, setting: string): Promise<string> {
  const info = await stat(path).catch(() => null);
  if (info === null || !info.isFile() || info.size > 2 ** 20) throw notThere(path, setting);
  return await readFile(path, "utf8");
}

function notThere(path: string, setting: string): UserError {
  return new UserError("file-missing", `${setting} ${path} cannot be read`, {
    advice: setting === "--extras" ? "Name a directory" : "Name a file of at most 1 MiB",
  });
}
