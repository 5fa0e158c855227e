// SPDX-License-Identifier: Apache-2.0
// A busy server and a host that it knows: the portable file lies in the server's /root, key and host key in its ~/.ssh.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../src/system/index.ts";
import { portableFile } from "../portable.ts";
import { startSshd, type Sshd } from "../sshd.ts";
import { type HotDisk, hotDisk } from "./disk.ts";
import { type Machine, startMachine } from "./machine.ts";

export interface Ground extends AsyncDisposable {
  readonly disk: HotDisk;
  /** The server's disk, written while it runs. */
  readonly image: string;
  readonly server: Machine;
  readonly host: Sshd;
  /** Where the host keeps VMs. */
  readonly vms: string;
  /** The same as the server names it. */
  readonly to: string;
}

/** What starts virt-p2v there. */
export const PORTABLE: readonly string[] = ["sh", "/root/virt-p2v"];

type Call = {
  readonly memoryMb?: number;
  /** Default: a directory that goes with the rest. */
  readonly vms?: string;
  /** A host of this computer in place of `host`. */
  readonly elsewhere?: Pick<Sshd, "port" | "userKeyPath"> & { readonly hostKeyPath: string };
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
};

const BOOT_MS = 15 * 60_000;

/** Works when the load has said each of its kinds once. */
export async function startGround({ memoryMb, onProgress, signal, ...given }: Call): Promise<Ground> {
  const disk = await hotDisk({ signal, onProgress });
  await using scope = new AsyncDisposableStack();
  const directory = await mkdtemp("/var/tmp/p2v-hot-"); // gigabytes
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const at = (name: string): string => join(directory, name);
  const image = at("server.img");
  await run(["cp", "--sparse=always", "--reflink=auto", disk.image, image], { signal, timeoutMs: 300_000 });
  const host = scope.use(await startSshd({ signal }));
  const size = memoryMb === undefined ? {} : { memoryMb };
  const server = scope.use(await startMachine({ image, disk, as: "server", ...size, signal }));
  await mkdir(at("portable"));
  const portable = await portableFile(at("portable"), { say: onProgress, signal });
  await server.reach({ timeoutMs: BOOT_MS });
  await server.busy({ timeoutMs: BOOT_MS });
  onProgress("the server runs, and is busy");
  const { port, userKeyPath, hostKeyPath } = given.elsewhere ?? {
    ...host,
    hostKeyPath: join(host.directory, "host_key.pub"),
  };
  await writeFile(at("known_hosts"), `[10.0.2.2]:${port} ${await readFile(hostKeyPath, "utf8")}`);
  await run(["cp", userKeyPath, at("id_ed25519")]);
  await run(["cp", portable, at("virt-p2v")]);
  await server.put([at("known_hosts"), at("id_ed25519")], ".ssh/");
  await server.put([at("virt-p2v")]);
  const vms = given.vms ?? at("vms");
  await mkdir(vms, { recursive: true });
  const owned = scope.move();
  const to = `ssh://root@10.0.2.2:${port}${vms}`;
  return { disk, image, server, host, vms, to, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
