// SPDX-License-Identifier: Apache-2.0
// Mounts below a private directory of ours; unmounted by the scope that mounted them.
import { mkdir } from "node:fs/promises";
import { RunError, run } from "../programs/run.ts";

export interface Mounted extends AsyncDisposable {
  readonly path: string;
}

export type MountOptions = {
  readonly type: string;
  /** `noatime`, `ro` ... joined by commas. */
  readonly options: readonly string[];
  readonly signal?: AbortSignal;
};

/** Mounts `source` on `target`, which is made when it is not there. RunError carries mount's own words. */
export async function mount(
  source: string,
  target: string,
  { type, options, signal }: MountOptions,
): Promise<Mounted> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const argv = ["mount", "-t", type, "-o", ["nodev", "nosuid", ...options].join(","), "--", source, target];
  await run(argv, { timeoutMs: 600_000, ...(signal === undefined ? {} : { signal }) });
  let mounted = true;
  return {
    path: target,
    async [Symbol.asyncDispose]() {
      if (!mounted) return;
      mounted = false;
      await unmount(target);
    },
  };
}

/** What is mounted at `source`, without what lies in it, seen at `target` too, and there read-only. The mount is nobody else's. */
export async function bindReadOnly(
  source: string,
  target: string,
  { signal }: { signal: AbortSignal },
): Promise<Mounted> {
  const call = { timeoutMs: 60_000, signal };
  await run(["mount", "--bind", "--", source, target], call);
  const bound = { path: target, [Symbol.asyncDispose]: () => unmount(target) };
  try {
    await run(["mount", "--make-private", "--", target], call);
    await run(["mount", "-o", "remount,bind,ro,nodev,nosuid", "--", target], call);
    return bound;
  } catch (error) {
    await bound[Symbol.asyncDispose]();
    throw error;
  }
}

/** Unmounts, with a few tries: a program of the guest may take a moment to let go. */
export async function unmount(target: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await run(["umount", "--", target], { timeoutMs: 300_000 });
      return;
    } catch (error) {
      if (!(error instanceof RunError) || tries >= 5 || !/busy/.test(error.stderr)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * tries));
    }
  }
}
