// SPDX-License-Identifier: Apache-2.0
// What ssh says when it fails, as one clear line and advice. Pure.
import { lastWords, type ProblemCode, UserError } from "../core/index.ts";

export type SshTarget = {
  readonly title: string;
  readonly user: string | null;
  readonly host: string;
  readonly port: number | null;
};

type Explained = { readonly code: ProblemCode; readonly text: string; readonly advice: string };
type Rule = readonly [RegExp, (target: SshTarget, words: string) => Explained];

const at = ({ host, port }: SshTarget): string => `${port === null ? "" : `-p ${port} `}${host}`;
const login = ({ user, host, port }: SshTarget): string =>
  `ssh ${port === null ? "" : `-p ${port} `}${user === null ? "" : `${user}@`}${host}`;

/** The texts are those of OpenSSH 7 to 10, in LC_ALL=C. The first that fits counts. */
const RULES: readonly Rule[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    (target) => ({
      code: "host-key-changed",
      text: `${target.title} shows another host key than the one known for it`,
      advice: `Either it was installed anew, or somebody sits between. Compare on its console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. Only if it is right: ssh-keygen -R ${target.port === null ? target.host : `'[${target.host}]:${target.port}'`}, then connect once with ${login(target)}`,
    }),
  ],
  [
    /No \S+ host key is known for|Host key verification failed|host key is not known/i,
    (target) => ({
      code: "host-key-unknown",
      text: `The host key of ${target.title} is not known here`,
      advice: `See its fingerprint with: ssh-keyscan ${at(target)} | ssh-keygen -lf -; compare it on the host's console with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; then connect once with ${login(target)} and accept it`,
    }),
  ],
  [
    /Connection refused/i,
    (target) => ({
      code: "host-refused",
      text: `${target.title} refuses the connection`,
      advice: "Check that sshd runs there, and the port",
    }),
  ],
  [
    /Could not resolve hostname|Name or service not known/i,
    (target) => ({
      code: "host-name-unknown",
      text: `The name ${target.host} does not resolve to an address`,
      advice: "Check the name, or use an IP address",
    }),
  ],
  [
    /Permission denied|Too many authentication failures|no mutual signature|Authentication failed/i,
    (target, words) => ({
      code: "host-login-refused",
      text: `${target.title} does not let this user in: ${words}`,
      advice: `Try ${login(target)} by hand. Give it a key with ssh-copy-id, load yours with ssh-add, or name another user: ssh://USER@${target.host}/...`,
    }),
  ],
  [
    /timed? ?out|not responding/i,
    (target) => ({
      code: "host-timeout",
      text: `${target.title} does not answer`,
      advice: "Check the address, that the machine is on, and the firewalls between",
    }),
  ],
  [
    /No route to host|Network is unreachable|Host is down/i,
    (target) => ({
      code: "host-unreachable",
      text: `There is no way to ${target.title} from here`,
      advice: "Check this machine's network, and the address",
    }),
  ],
  [
    /no matching (host key type|cipher|key exchange method|MAC) found/i,
    (target, words) => ({
      code: "host-too-old",
      text: `ssh here and sshd on ${target.title} have no algorithm in common: ${words}`,
      advice:
        "Allow what that old host offers in your ssh configuration (HostKeyAlgorithms, KexAlgorithms), for this host only",
    }),
  ],
  [
    /Can't open user config file|Bad configuration option|Bad owner or permissions|terminating, \d+ bad/i,
    (_, words) => ({
      code: "ssh-config-wrong",
      text: `The ssh configuration cannot be used: ${words}`,
      advice: "Correct the file, or name another with --ssh-config",
    }),
  ],
  [
    /Connection (closed|reset) by|kex_exchange_identification|Broken pipe|Connection to \S+ closed/i,
    (target, words) => ({
      code: "host-closed",
      text: `${target.title} closed the connection: ${words}`,
      advice: "Look at sshd's log there (MaxStartups, AllowUsers, a full disk), and try again",
    }),
  ],
];

/** `stderr` of an ssh that ended with 255. */
export function sshError(target: SshTarget, stderr: string): UserError {
  const words = sshWords(stderr);
  const rule = RULES.find(([pattern]) => pattern.test(stderr));
  const { code, text, advice } = rule?.[1](target, words) ?? {
    code: "host-failed",
    text: `ssh to ${target.title} failed${words === "" ? "" : `: ${words}`}`,
    advice: `Try ${login(target)} by hand`,
  };
  return new UserError(code, text, { advice });
}

/** The last line that is not a decoration. */
export function sshWords(stderr: string): string {
  const lines = stderr
    .split("\n")
    .filter((line) => !/^[@\s]+$|^\s*(?:Warning: Permanently added|\*\* )/.test(line));
  return lastWords(lines.join("\n"), { lines: 1 });
}
