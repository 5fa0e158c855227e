// SPDX-License-Identifier: Apache-2.0
// Copies by real agents, here and over ssh: killed and resumed, onto a full disk, and checked again afterwards.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LockFile } from "../../../src/receiver/agent/lock-file.ts";
import {
  type CopiedSegment,
  copyDisks,
  finishDisks,
  reopenDisks,
  verificationError,
} from "../../../src/copy/index.ts";
import { localHost, sshHost } from "../../../src/hosts/index.ts";
import { mount, run } from "../../../src/system/index.ts";
import { copy, diskAt, isError, makeSource, MIB, NEVER, verify, wantedHash } from "../../support/copies.ts";
import { temporary } from "../../support/temporary.ts";
import { descendants, waitFor } from "../../../lab/processes.ts";
import { startSshd } from "../../../lab/sshd.ts";

for (const format of ["raw", "qcow2"] as const)
  test(`a disk is copied to ${format} here: used bytes, zeros elsewhere, sparse, verified`, async (t) => {
    const top = await temporary(t);
    const [source, directory] = [join(top, "source"), join(top, "vm")];
    await makeSource(source);
    await mkdir(directory);
    await using host = localHost();
    const disk = diskAt(source, format);
    const events: number[] = [];
    const [result] = await copy({ host, directory, disk, onProgress: (done) => events.push(done) });
    assert.ok(result !== undefined);
    assert.equal(result.usedBytes, 130 * MIB + 100 + 4096 + 512);
    assert.equal(events.at(-1), result.usedBytes);
    assert.deepEqual(
      events,
      events.toSorted((a, b) => a - b),
    );
    assert.ok(result.sentBytes < result.usedBytes * 0.6, "what compresses is compressed");
    assert.deepEqual(
      (await readdir(directory)).toSorted(),
      [`${disk.file}.partial`, "web-1.hashes.partial"].toSorted(),
    );

    await finishDisks(host, directory, [{ ...result, format }]);
    assert.deepEqual(
      (await readdir(directory)).toSorted(),
      ["manifest.json", "web-1.hashes", disk.file].toSorted(),
    );
    const [check] = await verify(directory, true);
    assert.deepEqual(check?.differing, []);
    assert.equal(check?.sha256, await wantedHash(source));
    const { blocks } = await stat(join(directory, disk.file));
    assert.ok(blocks * 512 < result.usedBytes + 4 * MIB, `${blocks * 512} bytes occupied`);
    if (format === "qcow2") await run(["qemu-img", "check", join(directory, disk.file)]);
  });

test("a killed agent is an error with advice; the same command again sends only what was not durable", async (t) => {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(source);
  await mkdir(directory);
  await using host = localHost();
  const disk = diskAt(source);
  const kills: Promise<void>[] = [];
  const killAgent = async (): Promise<void> => {
    const lock: { pid: number } = JSON.parse(await readFile(join(directory, ".p2v-lock"), "utf8"));
    process.kill(lock.pid, "SIGKILL");
  };
  const first = copy({
    host,
    directory,
    disk,
    onProgress: (done) => {
      if (done > 40 * MIB && kills.length === 0) kills.push(killAgent());
    },
  });
  await assert.rejects(first, isError("host", "link-lost"));
  await Promise.all(kills);
  await waitFor("the other agent's end", async () => (await descendants(process.pid)).length === 0);

  const [result] = await copy({ host, directory, disk });
  assert.ok(result !== undefined && result.cellsKept >= 35, `${result?.cellsKept} cells kept`);
  const [again] = await copy({ host, directory, disk });
  assert.equal(again?.cellsKept, 133);
  assert.ok((again?.sentBytes ?? 0) === 0);
  await finishDisks(host, directory, [{ ...result, format: "raw" }]);
  const [check] = await verify(directory, true);
  assert.equal(check?.sha256, await wantedHash(source));
});

test("an abort ends the copy at once, and it goes on from there", async (t) => {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(source);
  await mkdir(directory);
  await using host = localHost();
  const abort = new AbortController();
  const onProgress = (done: number): void => {
    if (done > 30 * MIB) abort.abort(new Error("Ctrl-C"));
  };
  await assert.rejects(
    copy({ host, directory, disk: diskAt(source), signal: abort.signal, onProgress }),
    /Ctrl-C/,
  );
  assert.deepEqual(await descendants(process.pid), []);
  assert.deepEqual((await readdir(directory)).toSorted(), ["web-1.hashes.partial", "web-1.img.partial"]);
  const [result] = await copy({ host, directory, disk: diskAt(source) });
  assert.ok((result?.cellsKept ?? 0) >= 25);
});

test("verify finds a byte that was changed below, and a changed hashes file", async (t) => {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(source);
  await mkdir(directory);
  await using host = localHost();
  const disk = diskAt(source);
  const results = await copy({ host, directory, disk });
  await finishDisks(
    host,
    directory,
    results.map((one) => ({ ...one, format: "raw" })),
  );
  const image = await open(join(directory, disk.file), "r+");
  await image.write("x", 50 * MIB + 7);
  await image.write("x", 199 * MIB - 5); // in a hole
  await image.close();
  const checks = await verify(directory);
  assert.deepEqual(checks[0]?.differing, [
    { start: 50 * MIB, end: 51 * MIB },
    { start: 198 * MIB, end: 199 * MIB },
  ]);
  assert.match(verificationError(checks)?.message ?? "", /web-1\.img differs at bytes 52428800-53477376, /);

  await reopenDisks(host, directory, [disk.file]);
  assert.ok((await readdir(directory)).includes(disk.file), "a finished VM stays finished");
  const hashes = await open(join(directory, "web-1.hashes"), "r+");
  await hashes.write("x", 5);
  await hashes.close();
  await assert.rejects(verify(directory), isError("verification", "hashes-wrong"));
  await rm(join(directory, "manifest.json"));
  await assert.rejects(verify(directory), isError("verification", "manifest-missing"));
  await reopenDisks(host, directory, [disk.file]);
  assert.ok(
    (await readdir(directory)).includes(`${disk.file}.partial`),
    "without a manifest it is not finished",
  );
});

test("a full destination is said so, and the copy goes on when there is space", async (t) => {
  const top = await temporary(t);
  const source = join(top, "source");
  await makeSource(source);
  await using small = await mount("p2v-small", join(top, "small"), { type: "tmpfs", options: ["size=60m"] });
  await using host = localHost();
  const disk = diskAt(source);
  await assert.rejects(
    copy({ host, directory: small.path, disk }),
    isError("destination", "destination-full"),
  );
  assert.deepEqual(await descendants(process.pid), []);
  await run(["mount", "-o", "remount,size=180m", small.path]);
  const [result] = await copy({ host, directory: small.path, disk });
  assert.ok((result?.cellsKept ?? 0) > 0, "what was durable stays");
  assert.equal(result?.readBack === "direct" || result?.readBack === "cached", true);
});

test("a source that cannot be read, is too short, or is not there stops with disk, offset and advice", async (t) => {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await writeFile(source, Buffer.alloc(3 * MIB));
  await mkdir(directory);
  await using host = localHost();
  await assert.rejects(
    copy({ host, directory, disk: diskAt(source) }),
    (error) => isError("source", "source-short")(error) && /3145728/.test(String(error)),
  );
  await assert.rejects(
    copy({ host, directory, disk: diskAt(join(top, "none")) }),
    isError("source", "source-unreadable"),
  );
  assert.deepEqual(await descendants(process.pid), []);
});

test("a second job is kept out of a directory while one works there", async (t) => {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(source);
  await mkdir(directory);
  await using host = localHost();
  await using held = new LockFile(directory);
  assert.ok(await held.make("another-job"));
  await assert.rejects(
    copy({ host, directory, disk: diskAt(source) }),
    isError("destination", "destination-busy"),
  );
  await held[Symbol.asyncDispose]();
  await copy({ host, directory, disk: diskAt(source) });
});

test("touched ranges come from the view, and segments tell whether they are pure", async (t) => {
  const top = await temporary(t);
  const [source, view, directory] = [join(top, "source"), join(top, "view"), join(top, "vm")];
  await makeSource(source);
  await writeFile(view, await readFile(source));
  const changed = await open(view, "r+");
  await changed.write(Buffer.alloc(10_000, "view"), 0, 10_000, 5 * MIB + 5000);
  await changed.close();
  await mkdir(directory);
  await using host = localHost();
  const disk = diskAt(source);
  const segments: CopiedSegment[] = [];
  const [result] = await copyDisks({
    host,
    directory,
    disks: [
      {
        ...disk,
        read: {
          sourcePath: source,
          viewPath: view,
          touched: [{ start: 5 * MIB + 4096, end: 5 * MIB + 20_480 }],
        },
      },
    ],
    onSegment: (segment) => segments.push(segment),
    emit: () => undefined,
    signal: NEVER,
  });
  assert.equal(segments.length, 133);
  assert.deepEqual(
    segments.filter(({ pure }) => !pure).map(({ start }) => start),
    [5 * MIB],
  );
  await finishDisks(host, directory, [{ ...(result ?? assert.fail()), format: "raw" }]);
  const [check] = await verify(directory, true);
  assert.equal(check?.sha256, await wantedHash(view));
});

test("over a real sshd the result is the same, also after the link was cut", async (t) => {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(source);
  await mkdir(directory);
  await using sshd = await startSshd();
  const destination = { kind: "ssh", user: null, host: sshd.hostAlias, port: null, path: directory } as const;
  await using host = await sshHost({ destination, sshConfig: sshd.sshConfigPath, signal: NEVER });
  let isCut = false;
  const lanes = `^ssh .*${sshd.sshConfigPath} .*ControlPath=none`;
  const onProgress = (done: number): void => {
    if (done <= 40 * MIB || isCut) return;
    isCut = true;
    spawnSync("pkill", ["-KILL", "--full", lanes]); // before anything else happens here
  };
  await assert.rejects(
    copy({ host, directory, disk: diskAt(source), onProgress }),
    isError("host", "link-lost"),
  );
  const gone = async (): Promise<boolean> => !(await readdir(directory)).includes(".p2v-lock");
  await waitFor("the agents there to notice", gone);
  const results = await copy({ host, directory, disk: diskAt(source) });
  assert.ok((results[0]?.cellsKept ?? 0) >= 35, `${results[0]?.cellsKept} cells kept`);
  await finishDisks(
    host,
    directory,
    results.map((one) => ({ ...one, format: "raw" })),
  );
  const [check] = await verify(directory, true);
  assert.equal(check?.sha256, await wantedHash(source));
});
