// SPDX-License-Identifier: Apache-2.0
// The npm package: the bundled program, and Node 24 as the one thing that it depends on.
import { mkdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY, writeHome } from "../../src/iso/index.ts";
import { run } from "../../src/system/index.ts";
import { ARTIFACTS, type Release } from "./release.ts";
import { filesOf, setPlainModes } from "./tree.ts";

type Manifest = Readonly<Record<string, unknown>>;

/** Of the clone's package.json what a user of the package needs: libraries are in the bundle, tools are not used. */
function packageManifest(manifest: Manifest): Manifest {
  const kept = [
    "name",
    "version",
    "description",
    "license",
    "type",
    "bin",
    "engines",
    "optionalDependencies",
  ];
  return {
    ...Object.fromEntries(kept.map((name) => [name, manifest[name]])),
    os: ["linux"],
    cpu: ["x64", "arm64"],
  };
}

/** Its path. */
export async function makeNpmPackage({ version, epoch, out, scratch, signal }: Release): Promise<string> {
  const root = join(scratch, "npm");
  await writeHome(root, { scratch, withNode: false, signal });
  const read = (path: string): Promise<string> => readFile(join(REPOSITORY, path), "utf8");
  const manifest = packageManifest(JSON.parse(await read("package.json")) as Manifest);
  await writeFile(join(root, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of ["README.md", "CHANGELOG.md"]) await writeFile(join(root, name), await read(name));
  await setPlainModes(root);
  for (const { path, kind } of await filesOf(root))
    if (kind === "file") await utimes(join(root, path), epoch, epoch);
  const packed = join(scratch, "npm-packed");
  await mkdir(packed);
  // npm gives all files one time, one owner and plain modes.
  const argv = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", packed];
  await run(argv, { cwd: root, signal, timeoutMs: 120_000 });
  const path = join(out, ARTIFACTS.npm(version));
  await rename(join(packed, `virt-p2v-${version}.tgz`), path);
  return path;
}
