// SPDX-License-Identifier: Apache-2.0
// Small packages for tests: a .deb by dpkg-deb, and the header of an .rpm as bytes.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../../src/system/index.ts";

export async function buildDeb(
  path: string,
  {
    name,
    files,
    postinst,
    arch = "amd64",
    version = "1.0",
    needs,
    work,
  }: {
    name: string;
    /** By their path below the root, without a slash in front. */
    files: Readonly<Record<string, Buffer | string>>;
    postinst?: string;
    arch?: string;
    version?: string;
    needs?: string;
    work: string;
  },
): Promise<void> {
  const tree = await mkdtemp(join(work, "p2v-deb-"));
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${arch}`,
    "Maintainer: Nobody <nobody@example.org>",
    ...(needs === undefined ? [] : [`Depends: ${needs}`]),
    "Description: for a test",
  ];
  await mkdir(join(tree, "DEBIAN"));
  await writeFile(join(tree, "DEBIAN/control"), `${control.join("\n")}\n`);
  if (postinst !== undefined) await writeFile(join(tree, "DEBIAN/postinst"), postinst, { mode: 0o755 });
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, file)), { recursive: true });
    await writeFile(join(tree, file), content);
  }
  await mkdir(dirname(path), { recursive: true });
  await run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, path]);
  await rm(tree, { recursive: true });
}

/** Lead, an empty signature and the header of an .rpm, without a payload (rpm: docs/manual/format_header.md). */
export function rpmBytes({
  name,
  version,
  release,
  arch,
  files,
  needs = [],
  provides = [],
}: {
  name: string;
  version: string;
  release: string;
  arch: string;
  files: readonly string[];
  needs?: readonly string[];
  provides?: readonly string[];
}): Buffer {
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  const directories = [...new Set(files.map((file) => file.slice(0, file.lastIndexOf("/") + 1)))];
  const text = (tag: number, type: number, texts: readonly string[]): Field => ({
    tag,
    type,
    count: texts.length,
    data: Buffer.from(texts.map((one) => `${one}\0`).join("")),
  });
  const indexes = Buffer.alloc(files.length * 4);
  for (const [at, file] of files.entries())
    indexes.writeUInt32BE(directories.indexOf(file.slice(0, file.lastIndexOf("/") + 1)), at * 4);
  const fields = [
    text(1000, 6, [name]),
    text(1001, 6, [version]),
    text(1002, 6, [release]),
    text(1022, 6, [arch]),
    text(1047, 8, provides),
    text(1049, 8, needs),
    { tag: 1116, type: 4, count: files.length, data: indexes },
    text(
      1117,
      8,
      files.map((file) => file.slice(file.lastIndexOf("/") + 1)),
    ),
    text(1118, 8, directories),
  ];
  return Buffer.concat([lead, header([]), header(fields.filter(({ count }) => count > 0))]);
}

type Field = { readonly tag: number; readonly type: number; readonly count: number; readonly data: Buffer };

function header(fields: readonly Field[]): Buffer {
  const intro = Buffer.alloc(16);
  const parts: Buffer[] = [];
  let at = 0;
  const entries = fields.map(({ tag, type, count, data }) => {
    const padding = type === 4 ? (4 - (at % 4)) % 4 : 0;
    parts.push(Buffer.alloc(padding), data);
    const entry = Buffer.alloc(16);
    for (const [index, value] of [tag, type, at + padding, count].entries())
      entry.writeUInt32BE(value, index * 4);
    at += padding + data.length;
    return entry;
  });
  intro.writeUInt32BE(0x8eade801, 0);
  intro.writeUInt32BE(fields.length, 8);
  intro.writeUInt32BE(at, 12);
  return Buffer.concat([intro, ...entries, ...parts]);
}
