// SPDX-License-Identifier: Apache-2.0
// The live system in this kernel's hands, and the jump: all services are stopped as at any shutdown, and then it starts.
import { mkdir, rmdir } from "node:fs/promises";
import { lastWords, UserError } from "../../../core/index.ts";
import { readBounded, run, RunError, unmount } from "../../../system/index.ts";
import type { CutoverFacts } from "../before/facts.ts";

const LOADED = "/sys/kernel/kexec_loaded";
/** Reading 300 MB and copying it twice; under emulation ten seconds and more. */
const LOAD_MS = 10 * 60_000;

/** A place for files that are secret, and may be large: memory that is never swapped to a disk. */
export async function openMemory(path: string): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(path, { mode: 0o700 }).catch((cause: unknown) => {
    throw new UserError(
      "cutover-twice",
      `${path} is there already: another cutover is at work, or was killed`,
      {
        advice: `Where none runs: umount ${path}; rmdir ${path}`,
        cause,
      },
    );
  });
  try {
    await run(["mount", "-t", "ramfs", "-o", "mode=0700,nodev,nosuid", "p2v-cutover", path]);
    await run(["mount", "--make-private", path]); // what is mounted below is no service's
  } catch (error) {
    await unmount(path).catch(() => undefined);
    await rmdir(path);
    throw error;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await unmount(path);
      await rmdir(path);
    },
  };
}

export type Loading = {
  readonly kexec: string;
  readonly kernel: string;
  readonly initramfs: string;
  readonly words: string;
  readonly signal: AbortSignal;
};

/** Disposing takes it out of the kernel again. UserError where the kernel does not take it. */
export async function loadKernel({
  kexec,
  kernel,
  initramfs,
  words,
  signal,
}: Loading): Promise<AsyncDisposable> {
  const argv = [kexec, "-l", kernel, `--initrd=${initramfs}`, `--command-line=${words}`];
  const unload = async (): Promise<void> => {
    if (await isLoaded()) await run([kexec, "-u"], { allowCodes: [1, 255], timeoutMs: 60_000 });
  };
  try {
    await run(argv, { signal, timeoutMs: LOAD_MS });
  } catch (error) {
    await unload();
    if (!(error instanceof RunError)) throw error;
    throw refused(lastWords(error.stderr), error);
  }
  if (!(await isLoaded())) throw refused("it says nothing, and holds no other kernel", null);
  return { [Symbol.asyncDispose]: unload };
}

const refused = (words: string, cause: unknown): UserError =>
  new UserError("kexec-refused", `This server's kernel does not take the live system: ${words}`, {
    advice:
      "Boot the server from the live CD, a stick or over the network instead, and migrate to the same place and name",
    cause,
  });

async function isLoaded(): Promise<boolean> {
  return (await readBounded(LOADED))?.toString("latin1").trim() === "1";
}

/** What the server is told; it comes back before the services stop. */
export function jumpArgv(init: CutoverFacts["init"]): readonly string[] {
  // Whoever else is logged in was asked by nobody, and would hold it up.
  return init.kind === "systemd" ? ["systemctl", "--ignore-inhibitors", "kexec"] : ["telinit", "6"];
}
