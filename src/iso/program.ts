// SPDX-License-Identifier: Apache-2.0
// Our part of the live system: the program with its Node, and what this very medium was given: key, answers, extras.
import { chmod, copyFile, cp, mkdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { UserError } from "../core/index.ts";
import { agentScript, nodeBinary } from "../hosts/index.ts";
import { filesBelow, LIVECD_DIRECTORY } from "./recipe.ts";
import { makeSquashfs } from "./squashfs.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

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
  for (const directory of ["bin", "dist"]) await mkdir(join(home, directory), { recursive: true });
  await copyFile(join(REPOSITORY, "bin/virt-p2v"), join(home, "bin/virt-p2v"));
  await chmod(join(home, "bin/virt-p2v"), 0o755);
  await copyLiveFiles(root);
  await writeFile(join(home, "version"), `${version}\n`);
  await writeFile(join(home, "interface"), `${await readInterface()}\n`);
  if (withNode) await addNode(home, scratch, signal);
  await writeFile(join(home, "dist/virt-p2v.mjs"), await bundleProgram());
  await writeFile(join(home, "dist/agent.mjs"), (await agentScript()).bytes);
  await copyFile(join(REPOSITORY, "src/inspect/survey/collector.sh"), join(home, "dist/collector.sh"));
  await chmod(join(home, "dist/collector.sh"), 0o644);
  await mkdir(join(root, "usr/bin"), { recursive: true });
  await symlink("../lib/virt-p2v/bin/virt-p2v", join(root, "usr/bin/virt-p2v"));
  await addGiven(given, root);
  return root;
}

async function addNode(home: string, scratch: string, signal: AbortSignal): Promise<void> {
  const node = await nodeBinary(scratch, signal);
  if (node.path === join(scratch, "node")) await rename(node.path, join(home, "node"));
  else await copyFile(node.path, join(home, "node"));
  await chmod(join(home, "node"), 0o755);
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

/** One file that needs nothing but Node; esbuild is there, since this is a clone. */
async function bundleProgram(): Promise<Uint8Array> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(REPOSITORY, "bin/main.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node24",
    minifySyntax: true,
    legalComments: "none",
    external: ["esbuild"],
    // Libraries in the older module format ask for Node's own modules by require().
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild made no file");
  return file.contents;
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
  throw new UserError("ssh-key-wrong", `${path} is no public ssh key`, {
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
