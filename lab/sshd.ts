// SPDX-License-Identifier: Apache-2.0
// A real OpenSSH server on 127.0.0.1 with keys of its own, for one test.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { FORGET_MOUNTS } from "./private-mounts.ts";
import { run } from "../src/system/index.ts";
import { endTree, waitFor } from "./processes.ts";

export type SshdOptions = {
  readonly signal?: AbortSignal;
  /** What the user's known_hosts says of the server. Default `right`. */
  readonly knownHost?: "right" | "wrong" | "absent";
  /** Further lines of sshd_config, such as `ForceCommand ...` or `MaxSessions 1`. */
  readonly serverLines?: readonly string[];
  /** A network namespace to run in, and its address; default: 127.0.0.1. */
  readonly inside?: { readonly namespace: string; readonly address: string };
  /** root's password there, and no key is taken: a shadow file of its own, in a mount namespace. */
  readonly password?: string;
  /** Before the key in authorized_keys, such as `restrict,command="..."`. */
  readonly keyOptions?: string;
  /** Further lines of the client's Host block. */
  readonly clientLines?: readonly string[];
};

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  readonly userKeyPath: string;
  readonly knownHostsPath: string;
  /** For `ssh -F`; knows the server as `hostAlias`. */
  readonly sshConfigPath: string;
  readonly hostAlias: string;
  /** `SHA256:...` of the server's host key. */
  readonly fingerprint: string;
  /** A temporary directory, removed at the end. */
  readonly directory: string;
  /** What the server logged so far. */
  log(): string;
}

const PROGRAM = "/usr/sbin/sshd"; // sshd starts itself anew and therefore wants an absolute path

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { signal, knownHost = "right" } = options;
  const directory = await mkdtemp(join(tmpdir(), "p2v-sshd-"));
  const at = (name: string): string => join(directory, name);
  const user = userInfo().username;
  const address = options.inside?.address ?? "127.0.0.1";
  const hostAlias = "p2v-test-host";
  try {
    if (user === "root") await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    await Promise.all(["host_key", "user_key", "other_key"].map((name) => makeKey(at(name))));
    const port = await freePort();
    const known = await renderKnownHost(
      { address, port },
      at(knownHost === "wrong" ? "other_key.pub" : "host_key.pub"),
    );
    await writeFile(at("known_hosts"), knownHost === "absent" ? "" : known);
    const key = await readFile(at("user_key.pub"), "utf8");
    const restricted = options.keyOptions === undefined ? "" : `${options.keyOptions} `;
    await writeFile(at("authorized_keys"), `${restricted}${key}`, { mode: 0o600 });
    await writeFile(at("sshd_config"), renderServer(at, { address, port }, options));
    const client = { at, address, port, user, hostAlias, lines: options.clientLines ?? [] };
    await writeFile(at("ssh_config"), renderClient(client));
    const fingerprint =
      (await run(["ssh-keygen", "-l", "-f", at("host_key.pub")])).stdout.split(" ")[1] ?? "";

    const inside = options.inside === undefined ? [] : ["ip", "netns", "exec", options.inside.namespace];
    if (options.password !== undefined) {
      await writeFile(at("shadow"), await renderShadow(options.password), { mode: 0o600 });
      inside.push("unshare", "--mount", "sh", "-c", OWN_SHADOW, "sh", at("shadow"));
    }
    const [program, ...rest] = [...inside, PROGRAM, "-D", "-e", "-f", at("sshd_config")];
    const child = spawn(program, rest, {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (part: Buffer) => (log += part.toString()));
    child.on("error", (error) => (log += String(error)));
    const stop = async (): Promise<void> => {
      await endTree(child);
      await rm(directory, { recursive: true, force: true });
    };
    const onAbort = (): void => void endTree(child);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const ready = (): Promise<boolean> | boolean => child.exitCode === null && greets({ address, port });
      await waitFor(`sshd on port ${port}`, ready, signal === undefined ? {} : { signal });
    } catch (error) {
      await stop();
      throw new Error(`sshd did not start: ${log.trim()}`, { cause: error });
    }
    return {
      port,
      user,
      hostAlias,
      fingerprint,
      directory,
      userKeyPath: at("user_key"),
      knownHostsPath: at("known_hosts"),
      sshConfigPath: at("ssh_config"),
      log: () => log,
      async [Symbol.asyncDispose]() {
        signal?.removeEventListener("abort", onAbort);
        await stop();
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

const OWN_SHADOW = `mount --bind "$1" /etc/shadow && shift && ${FORGET_MOUNTS}exec "$@"`;

async function renderShadow(password: string): Promise<string> {
  const { stdout } = await run(["openssl", "passwd", "-6", "-stdin"], { input: `${password}\n` });
  return `root:${stdout.trim()}:19000:0:99999:7:::\n`;
}

async function makeKey(path: string): Promise<void> {
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "p2v-test", "-f", path]);
}

type Place = { readonly address: string; readonly port: number };

/** `[127.0.0.1]:port ssh-ed25519 AAAA...` */
async function renderKnownHost({ address, port }: Place, publicKeyPath: string): Promise<string> {
  const [type, key] = (await readFile(publicKeyPath, "utf8")).split(" ");
  return `[${address}]:${port} ${type} ${key}\n`;
}

function renderServer(
  at: (name: string) => string,
  { address, port }: Place,
  { serverLines = [], password }: SshdOptions,
): string {
  const byPassword = ["PermitRootLogin yes", "PasswordAuthentication yes", "PubkeyAuthentication no"];
  return `${[
    ...(password === undefined ? [] : byPassword), // the first line of a name counts
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${at("host_key")}`,
    `PidFile ${at("sshd.pid")}`,
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    "StrictModes no", // /tmp is writable by everyone
    "UsePAM no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "MaxStartups 100",
    "MaxSessions 100",
    "LogLevel VERBOSE",
    ...serverLines,
  ].join("\n")}\n`;
}

type ClientConfig = {
  at: (name: string) => string;
  address: string;
  port: number;
  user: string;
  hostAlias: string;
  lines: readonly string[];
};

function renderClient({ at, address, port, user, hostAlias, lines }: ClientConfig): string {
  return `${[
    `Host ${hostAlias} ${address}`,
    `  HostName ${address}`,
    `  Port ${port}`,
    `  User ${user}`,
    `  IdentityFile ${at("user_key")}`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile ${at("known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    ...lines.map((line) => `  ${line}`),
  ].join("\n")}\n`;
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return address.port;
}

function greets({ address, port }: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: address });
    const end = (said: boolean): void => {
      socket.destroy();
      resolve(said);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on("error", () => end(false));
    socket.on("data", (part) => end(part.toString().startsWith("SSH-2.0")));
  });
}
