// SPDX-License-Identifier: Apache-2.0
// What OpenSSH 9.2 printed, with LC_ALL=C.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDf } from "./posix.ts";
import { sshArguments } from "./ssh.ts";
import { sshError } from "./ssh-errors.ts";

const target = { title: "root@host:2222", user: "root", host: "host", port: 2222 };

for (const [code, stderr] of [
  [
    "host-key-unknown",
    "No ED25519 host key is known for [127.0.0.1]:2222 and you have requested strict checking.\nHost key verification failed.",
  ],
  [
    "host-key-changed",
    "@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@\nIT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\nHost key verification failed.",
  ],
  ["host-refused", "ssh: connect to host 127.0.0.1 port 1: Connection refused"],
  ["host-name-unknown", "ssh: Could not resolve hostname nowhere.invalid: Name or service not known"],
  ["host-login-refused", "root@127.0.0.1: Permission denied (publickey)."],
  ["host-timeout", "ssh: connect to host 10.255.255.1 port 22: Connection timed out"],
  ["host-timeout", "Connection timed out during banner exchange"],
  ["host-timeout", "Timeout, server host not responding."],
  ["host-unreachable", "ssh: connect to host 10.0.0.1 port 22: No route to host"],
  [
    "host-too-old",
    "Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss",
  ],
  ["ssh-config-wrong", "Can't open user config file /nowhere: No such file or directory"],
  [
    "host-closed",
    "kex_exchange_identification: Connection closed by remote host\nConnection closed by 127.0.0.1 port 22",
  ],
  ["host-failed", "something else"],
  ["host-failed", ""],
] as const)
  test(`sshError() knows ${code} by ${JSON.stringify(stderr.slice(0, 40))}`, () => {
    const error = sshError(target, stderr);
    assert.equal(error.code, code);
    assert.equal(error.area, "host");
    assert.notEqual(error.advice, "");
    assert.ok(!error.message.includes("\n"));
  });

test("sshError() shows how to see a host key's fingerprint", () => {
  assert.match(
    sshError(target, "Host key verification failed.").advice,
    /ssh-keyscan -p 2222 host \| ssh-keygen -lf -/,
  );
});

test("sshArguments() never weakens the host key check, and leaves names to ssh's own options", () => {
  const destination = { kind: "ssh", user: "a b", host: "host", port: 2222, path: "/x" } as const;
  const argv = sshArguments({ destination, sshConfig: "/c" }, { interactive: false, hasAes: true });
  for (const option of [
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "Compression=no",
    "RequestTTY=no",
  ])
    assert.ok(argv.includes(option), option);
  assert.deepEqual(argv.slice(-4), ["-p", "2222", "-l", "a b"]);
  assert.deepEqual(argv.slice(1, 3), ["-F", "/c"]);
});

test("parseDf() takes the available blocks, also of devices with blanks", () => {
  assert.equal(parseDf("/dev/vda 263174212 24680876 78210344 24% /\n"), 78_210_344 * 1024);
  assert.equal(parseDf("//srv/a share 100 20 80 20% /mnt/my disk\n"), 80 * 1024);
  assert.equal(parseDf("tmpfs 100 110 -10 110% /x\n"), 0);
  assert.throws(() => parseDf("df: nothing"), /cannot be read/);
});
