// SPDX-License-Identifier: Apache-2.0
// The Debian package: the program's home below /usr/lib/virt-p2v, and what Debian's users look for beside it.
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { REPOSITORY, writeHome } from "../../../src/iso/index.ts";
import { run } from "../../../src/system/index.ts";
import { renderBashCompletion } from "../../../src/ui/index.ts";
import { ARTIFACTS, type Release } from "../release.ts";
import { readRunPackages } from "../run-packages.ts";
import { filesOf, setPlainModes } from "../tree.ts";
import { renderControl, renderDebianChangelog } from "./control.ts";

const DOC = "usr/share/doc/virt-p2v";

/** Its path. */
export async function makeDeb(release: Release): Promise<string> {
  const { version, epoch, out, scratch, packing, signal } = release;
  const root = join(scratch, "deb");
  const home = join(root, "usr/lib/virt-p2v");
  await writeHome(home, { scratch, withNode: true, signal });
  await mkdir(join(root, "usr/bin"), { recursive: true });
  await symlink("../lib/virt-p2v/bin/virt-p2v", join(root, "usr/bin/virt-p2v"));
  for (const [path, content] of await readTexts(release)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  await writeControl(root, release);
  const path = join(out, ARTIFACTS.deb(version));
  await setModesAndTimes(root, epoch);
  const level = packing === "small" ? "-z6" : "-z1"; // 77 s and 13 s for Node alone, 26.6 and 31.6 MB
  const argv = ["dpkg-deb", "--root-owner-group", "-Zxz", level, "--threads-max=2", "--build", root, path];
  await run(argv, { signal, timeoutMs: 30 * 60_000, env: { SOURCE_DATE_EPOCH: `${epoch}` } });
  return path;
}

/** Texts by their path in the package. */
async function readTexts({ version, epoch }: Release): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const read = (path: string): Promise<string> => readFile(join(REPOSITORY, path), "utf8");
  const texts = new Map<string, string | Uint8Array>([
    [`${DOC}/copyright`, await read("scripts/release/deb/copyright")],
    [`${DOC}/changelog.gz`, packed(renderDebianChangelog({ version, epoch }))],
    [`${DOC}/CHANGELOG.md.gz`, packed(await read("CHANGELOG.md"))],
    ["usr/share/lintian/overrides/virt-p2v", await read("scripts/release/deb/lintian-overrides")],
    ["usr/share/bash-completion/completions/virt-p2v", renderBashCompletion()],
  ]);
  for (const name of await readdir(join(REPOSITORY, "doc/man"))) {
    const section = /\.([1-8])$/.exec(name)?.[1];
    if (section === undefined) continue;
    texts.set(`usr/share/man/man${section}/${name}.gz`, packed(await read(`doc/man/${name}`)));
  }
  return texts;
}

/** As Debian's policy asks for it: `gzip -9n`. */
const packed = (text: string): Uint8Array => gzipSync(text, { level: constants.Z_BEST_COMPRESSION });

async function writeControl(root: string, { version }: Release): Promise<void> {
  const files = await filesOf(root);
  const sums: string[] = [];
  let kib = 0;
  for (const { path, kind } of files) {
    if (kind !== "file") continue;
    const { size } = await stat(join(root, path));
    kib += Math.ceil(size / 1024);
    sums.push(
      `${createHash("md5")
        .update(await readFile(join(root, path)))
        .digest("hex")}  ${path}\n`,
    );
  }
  await mkdir(join(root, "DEBIAN"));
  const packages = await readRunPackages();
  await writeFile(join(root, "DEBIAN/control"), renderControl({ version, packages, installedKib: kib }));
  await writeFile(join(root, "DEBIAN/md5sums"), sums.join(""));
}

/** Links have their times clamped by dpkg-deb. */
async function setModesAndTimes(root: string, epoch: number): Promise<void> {
  await setPlainModes(root);
  for (const { path, kind } of (await filesOf(root)).toReversed())
    if (kind !== "link") await utimes(join(root, path), epoch, epoch);
  await utimes(root, epoch, epoch);
}
