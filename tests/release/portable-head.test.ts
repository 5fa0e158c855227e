// SPDX-License-Identifier: Apache-2.0
// How the portable file unpacks itself, with a small stand-in for what it brings: in every shell, once, and never trusting
// what somebody else has put there.
import assert from "node:assert/strict";
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { assemble, renderHead } from "../../scripts/release/portable/assemble.ts";
import { debianTree } from "../../scripts/release/portable/debian-tree.ts";
import { packTree } from "../../scripts/release/portable/portable.ts";
import { finishTree } from "../../scripts/release/portable/runtime.ts";
import { hashFile } from "../../scripts/release/sums.ts";
import { run, type RunResult } from "../../src/system/index.ts";
import { scratch, temporary } from "../support/temporary.ts";

/** Stands for Node: says how it was started. */
const NODE = `#!/bin/sh
printf 'ran %s\\n' "$0"
for word; do printf '<%s>' "$word"; done
printf '\\nPATH=%s\\nTMPDIR=%s\\n' "$P2V_PATH" "\${TMPDIR-}"
exit "\${CODE-0}"
`;
const NOBODY = 65534;

let file = "";
let busybox = "";
let names = { runtime: "", program: "" };
let directory: Awaited<ReturnType<typeof scratch>> | null = null;

before(async () => {
  const signal = new AbortController().signal;
  directory = await scratch();
  const at = (name: string): string => join(directory?.path ?? "", name);
  busybox = join(await debianTree({ signal, say: () => undefined }), "bin/busybox");
  for (const path of ["runtime/lib", "runtime/first", "program/dist"])
    await mkdir(at(path), { recursive: true });
  await copyFile(busybox, at("runtime/busybox"));
  await writeFile(at("runtime/node"), NODE);
  await writeFile(at("runtime/lib/ld-linux-x86-64.so.2"), "the loader");
  await writeFile(at("runtime/first/tool"), "x".repeat(1000));
  await writeFile(at("runtime/loaders"), "100 first/tool\n");
  await writeFile(at("program/dist/virt-p2v.mjs"), "the program");
  for (const name of ["runtime", "program"]) {
    await finishTree(at(name));
    await packTree(at(name), at(`${name}.tar.xz`), { packing: "quick", signal });
  }
  const parts = { busybox, runtime: at("runtime.tar.xz"), program: at("program.tar.xz") };
  names = {
    runtime: `runtime-${await hashFile(parts.runtime)}`,
    program: `program-${await hashFile(parts.program)}`,
  };
  file = at("virt-p2v");
  await assemble(file, { version: "1.2.3", parts });
  process.once("exit", () => void directory?.[Symbol.asyncDispose]());
});

const ANY_CODE = Array.from({ length: 255 }, (_, index) => index + 1);

/** Starts it with nothing in the environment but this. */
function start(env: Readonly<Record<string, string>>, shell: readonly string[] = []): Promise<RunResult> {
  const words = Object.entries({ PATH: "/usr/bin:/bin", ...env }).map(([name, value]) => `${name}=${value}`);
  return run(["env", "-i", ...words, ...shell, file, "--name", "two words"], { allowCodes: ANY_CODE });
}

/** A home with nothing in it, below /var/tmp, which is as sticky as /tmp. */
async function home(t: TestContext): Promise<string> {
  const path = await temporary(t, { parent: "/var/tmp" });
  await chmod(path, 0o755);
  return path;
}

const cacheIn = (path: string): string => join(path, ".cache/virt-p2v");

test("dash, bash and busybox start it, and what follows is given on as it is", async (t) => {
  for (const shell of [["dash"], ["bash", "--posix"], [busybox, "sh"], []]) {
    const path = await home(t);
    const { code, stdout, stderr } = await start({ HOME: path, CODE: "7" }, shell);
    assert.equal(code, 7, stderr);
    const cache = cacheIn(path);
    assert.match(stdout, new RegExp(`^ran ${cache}/${names.runtime}/node\n`));
    assert.match(
      stdout,
      /<--no-memory-protection-keys><--disable-warning=ExperimentalWarning><.*virt-p2v\.mjs><--name><two words>/,
    );
    assert.match(stdout, new RegExp(`\nPATH=${cache}/${names.runtime}/first:`));
    assert.deepEqual(await readdir(cache), [names.program, names.runtime], "and nothing else is left");
    const tool = await readFile(join(cache, names.runtime, "first/tool"), "latin1");
    const loader = `${cache}/${names.runtime}/lib/ld-linux-x86-64.so.2\0`;
    assert.equal(tool, `${"x".repeat(100)}${loader}${"x".repeat(900 - loader.length)}`);
  }
});

test("what was unpacked is used again, and made whole where a file is gone or short", async (t) => {
  const path = await home(t);
  await start({ HOME: path });
  const tool = join(cacheIn(path), names.runtime, "first/tool");
  await writeFile(tool, "y".repeat(1000)); // as long: it is ours, nobody else can write there
  assert.equal((await start({ HOME: path })).code, 0);
  assert.equal(await readFile(tool, "utf8"), "y".repeat(1000), "not unpacked a second time");
  await rm(tool);
  assert.equal((await start({ HOME: path })).code, 0);
  assert.equal((await readFile(tool)).length, 1000);
  await truncate(tool, 10);
  await rm(join(cacheIn(path), names.runtime, "busybox"));
  assert.equal((await start({ HOME: path })).code, 0);
  assert.equal((await readFile(tool)).length, 1000);
});

test("a directory that somebody else made, or could change, is left alone", async (t) => {
  const plant = async (cache: string): Promise<void> => {
    await mkdir(join(cache, names.runtime), { recursive: true });
    await writeFile(join(cache, names.runtime, "node"), "#!/bin/sh\necho EVIL\n", { mode: 0o755 });
    await copyFile(busybox, join(cache, names.runtime, "busybox"));
    await writeFile(join(cache, names.runtime, "sizes"), "");
  };
  const cases: Readonly<Record<string, (base: string) => Promise<void>>> = {
    "another's directory": async (base) => {
      await plant(join(base, "virt-p2v"));
      await chmod(join(base, "virt-p2v"), 0o700);
      await chown(join(base, "virt-p2v"), NOBODY, NOBODY);
    },
    "a link to another's directory": async (base) => {
      await plant(join(base, "planted"));
      await chown(join(base, "planted"), NOBODY, NOBODY);
      await symlink("planted", join(base, "virt-p2v"));
    },
    "a link to a directory of ours": async (base) => {
      await plant(join(base, "planted"));
      await chmod(join(base, "planted"), 0o700);
      await symlink("planted", join(base, "virt-p2v"));
    },
    "a directory above which anybody may write": async (base) => {
      await mkdir(join(base, "virt-p2v"), { mode: 0o700 });
      await chmod(base, 0o777);
    },
    "a directory above which another user decides": async (base) => chown(base, NOBODY, NOBODY),
  };
  for (const [name, prepare] of Object.entries(cases)) {
    const [path, base] = [await home(t), await home(t)];
    await prepare(base);
    const { code, stdout, stderr } = await start({ HOME: path, XDG_CACHE_HOME: base });
    assert.equal(code, 0, `${name}: ${stderr}`);
    assert.match(stdout, new RegExp(`^ran ${cacheIn(path)}/`), name);
    await chown(base, 0, 0);
  }
});

test("an ordinary user has a directory of its own, in /tmp too", async (t) => {
  const base = await home(t);
  await chmod(base, 0o1777);
  await chmod(directory?.path ?? "", 0o755);
  const user = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const argv = [...user, "env", "-i", "PATH=/usr/bin:/bin", `TMPDIR=${base}`, "HOME=/nonexistent", file];
  const { code, stdout, stderr } = await run(argv, { allowCodes: ANY_CODE });
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^ran ${base}/virt-p2v-${NOBODY}/`));
});

test("two that start at once both run", async (t) => {
  const path = await home(t);
  const ended = await Promise.all(Array.from({ length: 4 }, () => start({ HOME: path })));
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
  assert.deepEqual(await readdir(cacheIn(path)), [names.program, names.runtime]);
});

test("a file that is cut off or damaged says so, and nothing of it runs", async (t) => {
  const [path, whole] = [await home(t), file];
  const bytes = await readFile(whole);
  t.after(() => (file = whole));
  file = join(path, "virt-p2v");
  await writeFile(file, bytes.subarray(0, bytes.length - 3 * 4096), { mode: 0o755 });
  const cut = await start({ HOME: path });
  assert.equal(cut.code, 3);
  assert.match(cut.stderr, /virt-p2v is damaged or cut off\n {2}Fetch it again/);
  const at = bytes.length - 4096 + 50; // in the program, which is the last part
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
  assert.match((await start({ HOME: path })).stderr, /is damaged or cut off/);
  const unpacked: readonly string[] = await readdir(cacheIn(path));
  assert.ok(!unpacked.includes(names.program));
});

test("where programs may not run, the next directory is tried", async (t) => {
  const [path, base] = [await home(t), await home(t)];
  const script = `mount -t tmpfs -o noexec,mode=700 none "$1"; shift; exec "$@"`;
  const argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", base];
  const environment = ["env", "-i", "PATH=/usr/bin:/bin", `HOME=${path}`, `XDG_CACHE_HOME=${base}`];
  const { code, stdout, stderr } = await run([...argv, ...environment, file], { allowCodes: ANY_CODE });
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^ran ${cacheIn(path)}/`));
});

test("a machine or kernel that cannot run it is named, with what to do instead", async (t) => {
  const path = await home(t);
  const as = async (release: string, machine = "x86_64"): Promise<RunResult> => {
    const uname = `#!/bin/sh\ncase $1 in -s) echo Linux ;; -m) echo ${machine} ;; -r) echo ${release} ;; esac\n`;
    await writeFile(join(path, "uname"), uname, { mode: 0o755 });
    return await start({ HOME: path, PATH: `${path}:/usr/bin:/bin` });
  };
  for (const old of ["2.6.32-754.el6.x86_64", "3.9.0", "2.4.37"]) {
    const { code, stderr } = await as(old);
    assert.equal(code, 3, old);
    assert.match(stderr, new RegExp(`Linux ${old} is too old.*\n.*live CD`));
  }
  for (const fit of ["3.10.0-1160.el7.x86_64", "4.4.0", "6.1.0-50-amd64", "10.0"])
    assert.equal((await as(fit)).code, 0, fit);
  assert.match((await as("6.1.0", "aarch64")).stderr, /This machine is Linux aarch64/);
});

test("the head is for any shell, and names nothing that is not filled in", async () => {
  const head = "scripts/release/portable/head.sh";
  assert.equal((await run(["shellcheck", "-s", "sh", head], { allowCodes: [1] })).stdout, "");
  assert.throws(() => renderHead("a=@NEW_THING@", {}), /NEW_THING/);
});
