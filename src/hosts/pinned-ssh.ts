// SPDX-License-Identifier: Apache-2.0
// ssh where nobody can be asked: a configuration with one key and one host key, pinned by its fingerprint.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Destination, keepSecret, UserError } from "../core/index.ts";
import { readBounded, run } from "../system/index.ts";

type SshDestination = Extract<Destination, { kind: "ssh" }>;

const MAX_KEY_BYTES = 65_536;

/**
 * Writes a file for `ssh -F` into `directory` (private). `identity`: path or http(s) address of a private key. UserError
 * `host` when the host cannot be asked for its key (may heal), or shows another than `fingerprint` (does not).
 */
export async function writePinnedSshConfig(options: {
  destination: SshDestination;
  identity: string | null;
  fingerprint: string;
  directory: string;
  signal: AbortSignal;
}): Promise<string> {
  const { destination, identity, fingerprint, directory, signal } = options;
  const knownHosts = join(directory, "known_hosts");
  await writeFile(knownHosts, await fetchHostKey(destination, { fingerprint, signal }), { mode: 0o600 });
  const lines = ["Host *", `  UserKnownHostsFile ${knownHosts}`, "  GlobalKnownHostsFile /dev/null"];
  if (identity !== null) {
    const key = join(directory, "identity");
    await writeFile(key, await readIdentity(identity, signal), { mode: 0o600 });
    lines.push(`  IdentityFile ${key}`, "  IdentitiesOnly yes");
  }
  const config = join(directory, "ssh_config");
  await writeFile(config, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  return config;
}

async function readIdentity(identity: string, signal: AbortSignal): Promise<string> {
  const text = /^https?:\/\//.test(identity)
    ? await download(identity, signal)
    : await readFileText(identity);
  keepSecret(text);
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(text)) return text.endsWith("\n") ? text : `${text}\n`;
  throw new UserError("identity-wrong", `${identity} is not a private ssh key`, {
    advice: "Give the path or http(s) address of a private key without a passphrase",
  });
}

async function readFileText(path: string): Promise<string> {
  const bytes = await readBounded(path, { maxBytes: MAX_KEY_BYTES });
  if (bytes !== null) return bytes.toString("utf8");
  throw new UserError("identity-missing", `There is no key ${path}`, {
    advice: "Give the path or http(s) address of a private key",
  });
}

async function download(address: string, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  try {
    const response = await fetch(address, { signal: limit });
    if (!response.ok) throw new Error(`the server says ${response.status}`);
    let text = "";
    const decoder = new TextDecoder();
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true });
      if (text.length > MAX_KEY_BYTES) throw new Error("it is too long for a key");
    }
    return text;
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("identity-not-fetched", `${address} cannot be fetched: ${words}`, {
      advice: "Check the address and the network",
      cause: error,
    });
  }
}

/** The known_hosts line of the key with this fingerprint. */
async function fetchHostKey(
  { host, port }: SshDestination,
  { fingerprint, signal }: { fingerprint: string; signal: AbortSignal },
): Promise<string> {
  const argv = ["ssh-keyscan", "-T", "10", ...(port === null ? [] : ["-p", `${port}`]), "--", host];
  const { stdout } = await run(argv, {
    signal,
    timeoutMs: 60_000,
    allowCodes: [1, 255],
    maxOutputBytes: 65_536,
  });
  const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0)
    throw new UserError("host-timeout", `${host} does not answer on port ${port ?? 22}`, {
      advice: "Check the network cable, the address, that the host is on, and the firewalls between",
    });
  const shown: string[] = [];
  for (const line of lines) {
    const print = (await run(["ssh-keygen", "-l", "-f", "-"], { input: `${line}\n`, signal })).stdout.split(
      " ",
    )[1];
    if (print === fingerprint) return `${line}\n`;
    if (print !== undefined) shown.push(print);
  }
  throw new UserError("host-key-changed", `${host} shows other host keys than ${fingerprint}`, {
    advice: `It shows ${shown.join(", ")}. Compare on its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
  });
}
