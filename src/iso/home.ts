// SPDX-License-Identifier: Apache-2.0
// The program as it is installed, on the live CD or by a package: one directory with the start script, the program and the
// agent as one file each, the collector's script, and a Node.
import { chmod, copyFile, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agentScript, nodeBinary } from "../hosts/index.ts";
import { packagesIn, renderLicences } from "./licences.ts";

/** Of this clone. */
export const REPOSITORY = join(import.meta.dirname, "../..");

export type HomeOptions = {
  /** An empty directory. */
  readonly scratch: string;
  /** Not, where another part brings the same. */
  readonly withNode: boolean;
  readonly signal: AbortSignal;
};

/** Writes it into `home`, which is made. */
export async function writeHome(home: string, options: HomeOptions): Promise<void> {
  for (const directory of ["bin", "dist"]) await mkdir(join(home, directory), { recursive: true });
  const put = async (name: string, mode: number, from: string | Uint8Array): Promise<void> => {
    const to = join(home, name);
    await (typeof from === "string" ? copyFile(join(REPOSITORY, from), to) : writeFile(to, from));
    await chmod(to, mode); // a clone has its owner's umask
  };
  await put("bin/virt-p2v", 0o755, "bin/virt-p2v");
  const program = await bundleProgram();
  await put("dist/virt-p2v.mjs", 0o644, program.bytes);
  await put("dist/agent.mjs", 0o644, (await agentScript()).bytes);
  await put("dist/collector.sh", 0o755, "src/inspect/survey/collector.sh");
  const brought = [...program.packages, ...(options.withNode ? [NODE_PACKAGE] : [])];
  await put("LICENSES", 0o644, Buffer.from(await renderLicences(REPOSITORY, brought)));
  if (options.withNode) await addNode(home, options);
}

/** Where this clone's Node comes from (optionalDependencies in package.json). */
const NODE_PACKAGE = `node-linux-${process.arch}`;

async function addNode(home: string, { scratch, signal }: HomeOptions): Promise<void> {
  const node = await nodeBinary(scratch, signal);
  if (node.path === join(scratch, "node")) await rename(node.path, join(home, "node"));
  else await copyFile(node.path, join(home, "node"));
  await chmod(join(home, "node"), 0o755);
}

/** One file that needs nothing but Node; esbuild is there, since this is a clone. */
async function bundleProgram(): Promise<{ bytes: Uint8Array; packages: readonly string[] }> {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    metafile: true,
    entryPoints: ["bin/main.ts"],
    absWorkingDir: REPOSITORY, // paths in comments begin there, wherever this runs
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
  return { bytes: file.contents, packages: packagesIn(Object.keys(metafile.inputs)) };
}
