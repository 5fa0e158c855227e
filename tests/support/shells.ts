// SPDX-License-Identifier: Apache-2.0
// Shells of this machine that receive a copy, each with the programs it would have on a host of its kind.
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ShellHost } from "../../src/receiver/index.ts";
import { run, startPiped } from "../../src/system/index.ts";
import { temporary } from "./temporary.ts";

export type ShellName = "dash" | "bash" | "busybox";

/** The shell's own program, and what comes first on its PATH; busybox has nothing else. */
export async function shellHost(t: Pick<TestContext, "after">, name: ShellName): Promise<ShellHost> {
  const shell = (await run(["sh", "-c", `command -v ${name}`])).stdout.trim();
  const programs = join(await temporary(t), "bin");
  await mkdir(programs);
  await symlink(shell, join(programs, "sh"));
  if (name === "busybox")
    for (const applet of (await run([shell, "--list"])).stdout.trim().split("\n"))
      await symlink(shell, join(programs, applet)).catch(() => undefined);
  const path = name === "busybox" ? programs : `${programs}:/usr/bin:/bin`;
  return {
    title: name,
    start(script) {
      const child = startPiped(["env", `PATH=${path}`, join(programs, "sh"), "-c", script]);
      child.stdin.on("error", () => undefined);
      let tail = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (tail = (tail + text).slice(-4096)));
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
      t.after(async () => {
        child.kill("SIGKILL");
        await closed;
      });
      const { stdin, stdout } = child;
      return Promise.resolve({
        stdin,
        stdout,
        closed,
        stderrTail: () => tail.trim(),
        kill: () => void child.kill("SIGKILL"),
      });
    },
  };
}
