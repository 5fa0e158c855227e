// SPDX-License-Identifier: Apache-2.0
// A real Xen host: Debian's dom0 on Debian's hypervisor, in QEMU. Its disk is built once and kept by its recipe; what a
// run writes is thrown away.
import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { endTree, waitFor } from "../../../lab/processes.ts";
import { freePort } from "../../../lab/sshd.ts";
import { DOM0_ADDRESS, xenDisk } from "./xen-disk.ts";

export interface XenHost extends AsyncDisposable {
  /** For `--ssh-config`; knows the host as `hostAlias`. */
  readonly sshConfigPath: string;
  readonly hostAlias: string;
  /** The words that run something there. */
  ssh(user?: string): readonly string[];
  inside(command: string, options?: { allowCodes?: readonly number[]; timeoutMs?: number }): Promise<string>;
  /** A file here with an ext4 file system, which dom0 has as /dev/vdc. */
  readonly storagePath: string;
  /** What dom0 printed on its console. */
  log(): string;
}

/**
 * qemu64 and not max: dom0 crashes with that. With these flags encryption and hashes take half the time. PV guests only:
 * others need hardware virtualization, which TCG does not give.
 */
const CPU = "qemu64,-svm,+aes,+pclmulqdq,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16";

export async function startXenHost({ signal }: { signal: AbortSignal }): Promise<XenHost> {
  const cache = await xenDisk(signal);
  const directory = await mkdtemp(join(tmpdir(), "p2v-xen-"));
  const at = (name: string): string => join(directory, name);
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "p2v-test", "-f", at("user_key")]);
  await mkdir(at("root/.ssh"), { recursive: true, mode: 0o700 });
  await copyFile(at("user_key.pub"), at("root/.ssh/authorized_keys"));
  await run(["tar", "-C", at("root"), "--owner=0", "--group=0", "-cf", at("key.tar"), ".ssh"]);
  await truncate(at("key.tar"), 2 ** 20);
  const base = join(cache, "disk.img");
  await run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", at("disk.qcow2")]);
  await writeFile(at("storage.img"), "");
  await truncate(at("storage.img"), 12 * 2 ** 30);
  await run(["mkfs.ext4", "-q", "-E", "nodiscard", at("storage.img")], { signal });
  const port = await freePort();
  const child = spawn("qemu-system-x86_64", renderArgv({ cache, at, port }), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stdout.on("data", (part: Buffer) => (log += part.toString("latin1")));
  child.stderr.on("data", (part: Buffer) => (log += part.toString()));
  const stop = async (): Promise<void> => {
    await endTree(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitFor("dom0", () => log.includes("dom0 login: ") || child.exitCode !== null, {
      everyMs: 500,
      signal,
    });
    if (child.exitCode !== null) throw new Error("QEMU ended");
    await writeSsh(at, { port, hostKey: await readFile(join(cache, "host_key.pub"), "utf8") });
    const ssh: XenHost["ssh"] = (user = "root") => ["ssh", "-F", at("ssh_config"), "-l", user, ALIAS];
    // The login is there before sshd on a slow machine; until then QEMU takes connections and drops them.
    const answers = async (): Promise<boolean> =>
      (await run([...ssh(), "true"], { allowCodes: [255], timeoutMs: 120_000, signal })).code === 0;
    await waitFor("the sshd of dom0", answers, { everyMs: 1000, signal });
    return {
      sshConfigPath: at("ssh_config"),
      hostAlias: ALIAS,
      ssh,
      inside: async (command, { allowCodes = [], timeoutMs = 120_000 } = {}) =>
        (await run([...ssh(), command], { allowCodes, timeoutMs })).stdout,
      storagePath: at("storage.img"),
      log: () => log,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`The Xen host did not start: ${log.slice(-2000)}`, { cause: error });
  }
}

const ALIAS = "p2v-xen";

type Place = { readonly cache: string; readonly at: (name: string) => string; readonly port: number };

function renderArgv({ cache, at, port }: Place): string[] {
  const file = (name: string): string => join(cache, name).replaceAll(",", ",,");
  const parts = [
    ["-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", "2", "-m", "3200", "-nodefaults", "-no-user-config"],
    ["-display", "none", "-serial", "stdio", "-monitor", "none", "-kernel", file("xen")],
    ["-append", "console=com1 com1=115200 dom0_mem=1400M smap=0 smep=0"],
    ["-initrd", `${file("vmlinuz")} root=LABEL=dom0 rw console=hvc0,${file("initrd")}`],
    ["-drive", `file=${at("disk.qcow2")},format=qcow2,if=none,id=d0,cache=unsafe`],
    ["-drive", `file=${at("key.tar")},format=raw,if=none,id=d1,readonly=on`],
    ["-drive", `file=${at("storage.img")},format=raw,if=none,id=d2,cache=unsafe`],
    ...["d0", "d1", "d2"].map((drive) => ["-device", `virtio-blk-pci,drive=${drive}`]),
    ["-netdev", `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-${DOM0_ADDRESS}:22`],
    ["-device", "virtio-net-pci,netdev=n0,romfile="],
  ];
  return parts.flat();
}

async function writeSsh(
  at: (name: string) => string,
  { port, hostKey }: { port: number; hostKey: string },
): Promise<void> {
  const [type, key] = hostKey.split(" ");
  await writeFile(at("known_hosts"), `[127.0.0.1]:${port} ${type} ${key}\n`);
  const lines = [
    `Host ${ALIAS}`,
    "  HostName 127.0.0.1",
    `  Port ${port}`,
    "  User root",
    `  IdentityFile ${at("user_key")}`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile ${at("known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
  ];
  await writeFile(at("ssh_config"), `${lines.join("\n")}\n`);
}
