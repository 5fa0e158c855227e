// SPDX-License-Identifier: Apache-2.0
// The keys that a host shows before anybody logs in, with their fingerprints.
import { type Destination, UserError } from "../core/index.ts";
import { run } from "../system/index.ts";

export type ShownKey = {
  /** `ED25519`, `ECDSA`, `RSA`. */
  readonly type: string;
  /** `SHA256:...`, as ssh-keygen -l prints it. */
  readonly fingerprint: string;
  /** For known_hosts. */
  readonly line: string;
};

const MAX_KEYS = 16;

/** At least one, the strongest kind first. UserError `host` when the host does not answer. */
export async function scanHostKeys(
  { host, port }: Extract<Destination, { kind: "ssh" }>,
  { signal }: { signal: AbortSignal },
): Promise<readonly ShownKey[]> {
  const argv = ["ssh-keyscan", "-T", "10", ...(port === null ? [] : ["-p", `${port}`]), "--", host];
  const limits = { signal, timeoutMs: 60_000, allowCodes: [1, 255], maxOutputBytes: 65_536 };
  const { stdout } = await run(argv, limits);
  const keys: ShownKey[] = [];
  for (const line of stdout
    .split("\n")
    .filter((one) => one !== "" && !one.startsWith("#"))
    .slice(0, MAX_KEYS)) {
    const printed = await run(["ssh-keygen", "-l", "-f", "-"], { ...limits, input: `${line}\n` });
    const match = /^\d+ (SHA256:\S+) .*\(([A-Z0-9-]+)\)\s*$/m.exec(printed.stdout);
    if (match !== null) keys.push({ type: match[2] ?? "", fingerprint: match[1] ?? "", line });
  }
  if (keys.length === 0)
    throw new UserError("host-timeout", `${host} does not answer on port ${port ?? 22}`, {
      advice: "Check the network cable, the address, that the host is on, and the firewalls between",
    });
  const rank = ({ type }: ShownKey): number => ["ED25519", "ECDSA", "RSA"].indexOf(type) & 3;
  return keys.toSorted((a, b) => rank(a) - rank(b));
}
