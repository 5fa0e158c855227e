// SPDX-License-Identifier: Apache-2.0
// Which files lie at given bytes: what debugfs prints, and a file system in an image.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../system/index.ts";
import { readDiskGraph } from "./graph.ts";
import { openSourceDisk } from "./source.ts";
import { blocksOf, filesAt, parseIcheck, parseNcheck } from "./files-at.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const signal = new AbortController().signal;
const MIB = 2 ** 20;

test("blocksOf() names every touched block once, and not without end", () => {
  assert.deepEqual(
    blocksOf(
      [
        { start: 4095, end: 4097 },
        { start: 5000, end: 5001 },
        { start: 8192, end: 12_288 },
      ],
      4096,
    ),
    [0, 1, 2],
  );
  assert.equal(blocksOf([{ start: 0, end: 2 ** 45 }], 1024).length, 2000);
});

test("parseIcheck() and parseNcheck() take what debugfs prints, and nothing else", () => {
  assert.deepEqual(parseIcheck("Block\tInode number\n5\t12\n6\t<block not found>\n7\t12\n"), [12, 12]);
  assert.deepEqual(
    [...parseNcheck("Inode\tPathname\n12\t//etc/\u001b[2Jpasswd\n12\t/other\n13\t//a\tb\njunk\n")],
    [
      [12, "/etc/\ufffd[2Jpasswd"],
      [13, "/a\ufffdb"],
    ],
  );
});

test("filesAt() tells the files of an ext4 within a disk", async (t) => {
  const directory = await temporary(t);
  const [path, content] = [join(directory, "disk"), join(directory, "content")];
  await writeFile(path, "");
  await truncate(path, 24 * MIB);
  await writeFile(content, randomBytes(100_000));
  const fs = `${path}?offset=${MIB}`;
  await run(["mkfs.ext4", "-q", "-b", "4096", "-L", "here", "-E", `offset=${MIB}`, path, "5000"]);
  await run(["debugfs", "-w", "-R", `write ${content} data`, fs]);
  const { stdout } = await run(["debugfs", "-R", "blocks data", fs]);
  const [block = 0] = stdout.trim().split(/\s+/).map(Number);
  const start = MIB + block * 4096;
  await run(["sfdisk", "--quiet", path], { input: "2048,40000,L\n" });
  const { graph } = await readDiskGraph([await openSourceDisk(path, 1)], { signal });
  const found = await filesAt({
    graph,
    disk: { number: 1, path },
    ranges: [
      { start: 0, end: 512 },
      { start: MIB, end: MIB + 512 },
      { start, end: start + 512 },
      { start: start + 4096, end: start + 8192 },
    ],
    signal,
  });
  assert.deepEqual(
    found.map(({ files, otherBytes }) => ({ files, otherBytes })),
    [{ files: ["/data"], otherBytes: 4096 }],
  );
  assert.match(found[0]?.volume ?? "", /^ext4 "here" on /);
});
