// SPDX-License-Identifier: Apache-2.0
// The guest's own programs, run on a throw-away copy of the guest, shut off from this machine: see sandbox.ts.
import { copyFile, lstat, mkdir, readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Blobs, type Change, lastWords } from "../../core/index.ts";
import {
  changeableState,
  directoryView,
  isBelow,
  isDirectory,
  layeredView,
  makeRunDirectory,
  mount,
  readMountTable,
  RunError,
  run,
} from "../../system/index.ts";
import { applyChanges } from "../apply/apply.ts";
import { guardMachine } from "./guard.ts";
import { type Layer, readDifference } from "./harvest.ts";
import { sandboxed } from "./sandbox.ts";
import type {
  Built,
  BuildRequest,
  BuiltKernel,
  FreeSpace,
  GuestTools,
  Installed,
  InstallRequest,
} from "./tools.ts";

/** A rebuild takes 10 to 30 s on a slow machine; one that hangs is ended after this. */
const BUILD_MS = 300_000;
const INSTALL_MS = 600_000;

export function chrootTools({ root, workDirectory }: { root: string; workDirectory: string }): GuestTools {
  return {
    freeSpace: (path) => freeSpace(root, path),
    async buildInitramfs(request, use) {
      const { kernels } = request;
      await using copy = await openCopy({ root, workDirectory, ...request });
      using guard = await guardMachine({ directory: workDirectory, signal: request.signal });
      const { signal } = guard;
      const why = await whyNotRunning(copy, signal);
      if (why !== null) {
        for (const { version } of kernels) await use(version, { kind: "failed", why });
        return;
      }
      for (const kernel of kernels)
        await use(kernel.version, await build(copy, kernel, { ...request, signal }));
    },
    async installPackages(request) {
      await using copy = await openCopy({ root, workDirectory, ...request });
      using guard = await guardMachine({ directory: workDirectory, signal: request.signal });
      const { signal } = guard;
      const why = await whyNotRunning(copy, signal);
      return why === null
        ? await install(copy, { root, request: { ...request, signal } })
        : { kind: "failed", why };
    },
  };
}

/** null: they run. Old ones may crash without vsyscall, and those of another architecture have no loader here. */
async function whyNotRunning(copy: Copy, signal: AbortSignal): Promise<string | null> {
  try {
    await run(sandboxed(copy, ["/bin/true"]), { signal, timeoutMs: 30_000, isGuest: true });
    return null;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    if (!(error instanceof RunError)) throw error;
    return `the guest's programs do not run here (${complaint(error)})`;
  }
}

/**
 * Left to later steps, or useless: they see no disk in the copy. With `-o FILE` and `-c -k RELEASE` the caller expects a
 * file.
 */
const IDLE = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    -o) [ -e "$2" ] || echo "Made by virt-p2v later" > "$2" ;;
    -k) [ ! -d "/lib/modules/$2" ] || [ -e "/boot/initrd.img-$2" ] || echo "Made by virt-p2v later" > "/boot/initrd.img-$2" ;;
  esac
  shift
done
exit 0
`;

async function install(
  copy: Copy,
  { root, request }: { root: string; request: InstallRequest },
): Promise<Installed> {
  const { script, packages, idle, changes, blobs, signal } = request;
  await mkdir(join(copy.out, "bin"));
  for (const name of idle) await writeFile(join(copy.out, "bin", name), IDLE, { mode: 0o755 });
  const inside: string[] = [];
  for (const [index, path] of packages.entries()) {
    const name = `${index + 1}${path.endsWith(".rpm") ? ".rpm" : ".deb"}`; // the guest's shell never sees a file's own name
    await copyFile(path, join(copy.out, name));
    inside.push(`${copy.inside}/${name}`);
  }
  try {
    const argv = ["/bin/sh", "-c", script, "sh", copy.inside, ...inside];
    await run(sandboxed(copy, argv), { signal, timeoutMs: INSTALL_MS, isGuest: true });
    const base = layeredView(directoryView(root), blobs, changes);
    const ignores = (path: string): boolean => path === copy.inside || IGNORED.test(path);
    return {
      kind: "installed",
      changes: await readDifference(copy.layers, { base, blobs, ignores, signal }),
    };
  } catch (error) {
    if (error instanceof RunError)
      return { kind: "failed", why: error.timedOut ? "it ran out of time" : complaint(error) };
    if (error instanceof RangeError) return { kind: "failed", why: error.message };
    throw error;
  }
}

/** Ours, and what a running system creates again: scratch files, caches, locks, and rpm's Berkeley DB index files. */
const IGNORED =
  /^\/(?:(?:tmp|run|dev|proc|sys|var\/tmp|var\/run|var\/lock|var\/cache\/ldconfig)(?:\/|$)|usr\/sbin\/policy-rc\.d$|var\/lib\/rpm\/__db\.|.*\/\.wh\.)/;

async function build(
  copy: Copy,
  { version, image, drivers }: BuiltKernel,
  { script, signal }: Pick<BuildRequest, "script" | "signal">,
): Promise<Built> {
  try {
    const argv = ["/bin/sh", "-c", script, "sh", copy.inside, version, image, ...drivers];
    const { stderr } = await run(sandboxed(copy, argv), { signal, timeoutMs: BUILD_MS, isGuest: true });
    const path = join(copy.out, `initrd-${version}`);
    const found = await lstat(path).catch(() => null); // no program of the guest runs any more, so it cannot change
    if (found === null || !found.isFile() || found.size === 0)
      return { kind: "failed", why: "it left no file" };
    return { kind: "built", path, notes: notesIn(stderr) };
  } catch (error) {
    if (error instanceof RunError)
      return { kind: "failed", why: error.timedOut ? "it ran out of time" : complaint(error) };
    if (error instanceof RangeError) return { kind: "failed", why: error.message };
    throw error;
  }
}

/** Lines of our script, for the user; a guest that prints such a line only talks to its owner. */
function notesIn(stderr: string): readonly string[] {
  const lines = stderr.split("\n").filter((line) => line.startsWith("P2V: "));
  return [...new Set(lines)].slice(0, 3).map((line) => line.slice(5, 300));
}

function complaint({ stderr }: RunError): string {
  const words = lastWords(stderr, { lines: 3, maxChars: 400 });
  return words === "" ? "it said nothing" : words;
}

export interface Copy extends AsyncDisposable {
  /** The guest's root with the changes, writable; all writing is thrown away. */
  readonly merged: string;
  /** A directory of this machine that the guest's programs see as `inside`, for results. */
  readonly out: string;
  readonly inside: string;
  /** Holds everything that is written. */
  readonly layers: readonly Layer[];
}

/** An overlayfs above each of the guest's mounts: overlayfs does not see mounts below its lower directory. */
async function openCopy({
  root,
  workDirectory,
  changes,
  blobs,
  signal,
}: { root: string; workDirectory: string } & Pick<
  BuildRequest,
  "changes" | "blobs" | "signal"
>): Promise<Copy> {
  await using scope = new AsyncDisposableStack();
  const work = scope.use(await makeRunDirectory("copy", { parent: workDirectory }));
  const merged = join(work.path, "merged");
  const store = await openStore(work.path, { scope, signal });
  const lowers = (await readMountTable())
    .filter((mounted) => isBelow(mounted.path, root))
    .map((mounted) => mounted.path);
  const paths = [root, ...new Set(lowers.filter((path) => path !== root))].toSorted();
  const layers: Layer[] = [];
  for (const [index, lower] of paths.entries()) {
    const [upper, spare] = [join(store, `upper-${index}`), join(store, `spare-${index}`)];
    await mkdir(upper, { mode: 0o755 });
    await mkdir(spare, { mode: 0o700 });
    const directories = [lower, upper, spare];
    if (directories.some((path) => /[,:\\]/.test(path)))
      throw new Error(`overlayfs takes no such path: ${lower}`);
    const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${spare}`, ...PLAIN_UPPER];
    layers.push({ at: lower.slice(root.length) || "/", upper });
    const target = merged + lower.slice(root.length);
    scope.use(await mount("p2v-copy", target, { type: "overlay", options, signal }));
  }
  await applyChanges([...changes, ...(await noServices(merged, blobs))], { root: merged, blobs, signal });
  const [out, inside] = [join(work.path, "out"), `/${work.path.split("/").at(-1) ?? "p2v-out"}`];
  await mkdir(out, { mode: 0o700 });
  await mkdir(join(merged, inside), { mode: 0o700 });
  const owned = scope.move();
  return { merged, out, inside, layers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The upper directory gets whole files and directories, whatever the kernel's default is: they are read as changes. */
const PLAIN_UPPER = ["redirect_dir=off", "metacopy=off"];

/** linux/magic.h: OVERLAYFS_SUPER_MAGIC, RAMFS_MAGIC. */
const NO_UPPER: readonly number[] = [0x794c7630, 0x858458f6];

/** An overlayfs cannot keep its changes on another one, as the root of a live system is, or on a ramfs: then they are kept in RAM. */
async function openStore(
  directory: string,
  { scope, signal }: { scope: AsyncDisposableStack; signal: AbortSignal },
): Promise<string> {
  if (!NO_UPPER.includes((await statfs(directory)).type)) return directory;
  const store = join(directory, "store");
  const options = ["mode=700", ...(await boundedByMemory())];
  scope.use(await mount("p2v-store", store, { type: "tmpfs", options, signal }));
  return store;
}

/** Half of what is available: a server that runs keeps its share. Kernels before 3.14 do not tell, and take half of all. */
async function boundedByMemory(): Promise<readonly string[]> {
  const text = await readFile("/proc/meminfo", "latin1");
  const kib = /^MemAvailable: +(\d{1,15}) kB$/m.exec(text)?.[1];
  return kib === undefined ? [] : [`size=${Math.floor(Number(kib) / 2)}k`];
}

/** Debian's way to forbid that package scripts start services: policy-rc.d exits with 101 (invoke-rc.d(8)). */
async function noServices(root: string, blobs: Blobs): Promise<readonly Change[]> {
  const path = "/usr/sbin/policy-rc.d";
  const view = directoryView(root);
  if ((await view.resolve("/usr/sbin")) !== "/usr/sbin" || !(await isDirectory(view, "/usr/sbin"))) return [];
  const before = await changeableState(view, path);
  if (before === null || before.kind === "directory") return []; // the services have no network or device anyway
  const bytes = Buffer.from("#!/bin/sh\nexit 101\n");
  const sha256 = await blobs.put(bytes);
  const after = {
    kind: "bytes",
    mode: 0o755,
    uid: 0,
    gid: 0,
    xattrs: {},
    sha256,
    sizeBytes: bytes.length,
  } as const;
  return [{ step: "chroot", why: "No services", path, before, after }];
}

async function freeSpace(root: string, path: string): Promise<FreeSpace> {
  const below = (await readMountTable()).filter((mounted) => isBelow(mounted.path, root));
  const mounts = below.map((mounted) => mounted.path.slice(root.length)).filter((at) => isBelow(path, at));
  const at = mounts.toSorted((a, b) => b.length - a.length)[0] ?? "";
  const { bavail, bsize, ffree, files } = await statfs(root + at);
  return { mount: at === "" ? "/" : at, bytes: bavail * bsize, inodes: files === 0 ? null : ffree };
}
