// SPDX-License-Identifier: Apache-2.0
// /run/initramfs/shutdown, to which systemd hands over in the end: a root of its own in memory, with a shell, kexec, the live system
// and the record of writes. Taken back by whoever laid it.
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../../core/index.ts";
import { readBounded, run, RunError, unmount } from "../../../system/index.ts";
import { HOOK_PROGRAMS, type HookScript, parseLdd, renderHook } from "./hook-script.ts";

/** systemd-shutdown(8). */
const ROOT = "/run/initramfs";
const PANIC = "/proc/sys/kernel/panic";

export type Hook = AsyncDisposable & {
  /** Where kernel and initramfs go. */
  readonly kernel: string;
  readonly initramfs: string;
};

/** UserError `cutover-no-hook` where it would not run. `root` is another place in tests. */
export async function layHook(
  script: HookScript & { readonly record: string; readonly kexec: string },
  { root = ROOT }: { readonly root?: string } = {},
): Promise<Hook> {
  await using laying = new AsyncDisposableStack();
  // A machine that cannot go on starts its own system.
  const panic = (await readBounded(PANIC))?.toString("latin1").trim() ?? "0";
  if (root === ROOT) {
    await writeFile(PANIC, "10");
    laying.defer(() => writeFile(PANIC, panic));
  }
  await mkdir(root, { recursive: true, mode: 0o700 });
  // /run is noexec on Debian; and ramfs is never swapped to a disk.
  await run(["mount", "-t", "ramfs", "-o", "mode=0700,nodev,nosuid,exec", "p2v-hook", root]);
  laying.defer(() => unmount(root));
  for (const name of ["bin", "dev", "oldroot", "proc", "run", "sys", "w"]) await mkdir(join(root, name));
  for (const name of HOOK_PROGRAMS) await bring(root, name, findProgram(name));
  await bring(root, "kexec", script.kexec);
  await writeFile(join(root, "w/record.json"), script.record, { mode: 0o600 });
  await writeFile(join(root, "shutdown"), renderHook(script), { mode: 0o700 });
  await tryHook(root);
  const laid = laying.move();
  return {
    kernel: join(root, "vmlinuz"),
    initramfs: join(root, "initrd.img"),
    [Symbol.asyncDispose]: () => laid.disposeAsync(),
  };
}

/** The server's own, not what a portable file brings for itself. */
function findProgram(name: string): string {
  const found = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"].map((at) => `${at}/${name}`).find(existsSync);
  if (found === undefined) throw noHook(`there is no ${name}`, null);
  return found;
}

const noHook = (why: string, cause: unknown): UserError =>
  new UserError("cutover-no-hook", `What shall run last on this server does not run: ${why}`, {
    advice: "Leave out --trust-writes: then everything is compared",
    cause,
  });

/** The program and its libraries, at the places where they look for each other. */
async function bring(root: string, name: string, path: string): Promise<void> {
  const real = await realpath(path);
  const { stdout } = await run(["ldd", real], { allowCodes: [1] }); // 1: it needs none
  for (const { at, from } of parseLdd(stdout)) {
    const to = join(root, at);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(await realpath(from), to);
    await chmod(to, 0o755);
  }
  await copyFile(real, join(root, "bin", name));
  await chmod(join(root, "bin", name), 0o755);
}

/** A PID 1 that cannot be executed is a panic: each program is tried once where it will run. */
async function tryHook(root: string): Promise<void> {
  try {
    await run(["chroot", root, "/bin/sh", "-n", "/shutdown"]);
    for (const name of ["cat", "wc", "sleep", "mount", "umount", "kexec"])
      await run(["chroot", root, `/bin/${name}`, "--version"]);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw noHook(error.message, error);
  }
}
