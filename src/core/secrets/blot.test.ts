// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { blotArguments, blotJson, blotText } from "./blot.ts";

/** Each with the part that may be seen. */
const TEXTS: readonly (readonly [text: string, seen: string])[] = [
  ["psk=SECRET", "psk=***"],
  ['      password: "SECRET"', "password: ***"],
  ["  wpa-psk SECRET", "wpa-psk ***"],
  ["password_pbkdf2 root grub.pbkdf2.sha512.10000.SECRET", "password_pbkdf2 ***"],
  ["root:$6$salt$SECRET:19000:0:99999:7:::", "root:***"],
  ["daemon:SECRETxyz12:19000:0:99999:7:::", "daemon:***:19000"],
  ["machine host login joe password SECRET", "machine host login joe password ***"],
  ["DATABASE_URL=postgres://app:SECRET@db.example.org/app", "postgres://app:***@db.example.org/app"],
  ["redis://:SECRET@cache:6379/0", "redis://:***@cache"],
  ["mysql://app:p@ss/SECRET@db/app", "mysql://app:***@db/app"],
  ["https://boot.example.org/answers?site=1&token=SECRET", "?site=1&token=***"],
  ["https://ghp_SECRETSECRETSECRETSECRET@github.com/x", "https://***@github.com/x"],
  ["cloned with ghp_SECRETSECRETSECRETSECRET", "cloned with ***"],
  ["Authorization: Bearer SECRET.SECRET", "Authorization: ***"],
  ["root=/dev/sda1 rd.iscsi.password=SECRET", "root=/dev/sda1 rd.iscsi.password=***"],
  ["key: -----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END OPENSSH PRIVATE KEY-----\nafter", "after"],
  ["aws_secret_access_key = SECRET", "aws_secret_access_key = ***"],
  ['{"wifi":{"psk":"SECRET"}}', '{"wifi":{"psk":***'],
  ['"argv": "{\\"psk\\":\\"SECRET\\"}"', "psk"],
  ["  b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uSECRET  \nafter", "***  \nafter"],
  ["MYSQL_PWD=SECRET mysqldump", "MYSQL_PWD=***"],
];

test("blotText() shows none of the secrets, and what stands around them", () => {
  for (const [text, seen] of TEXTS) {
    const out = blotText(text);
    assert.doesNotMatch(out, /SECRET/, text);
    assert.ok(out.includes(seen), `${text} became ${out}`);
  }
  assert.doesNotMatch(blotText(TEXTS.map(([text]) => text).join("\n")), /SECRET/);
});

test("blotText() leaves what is none", () => {
  for (const text of [
    "root@host's password for sudo",
    "5eed5f0c6e8d7b4a539a1c0d6e6f1b2c3d5eed5f0c6e8d7b4a539a1c0d6e6f1b",
    "/etc/NetworkManager/system/connections/Office1",
    "a token is asked for, and the password is typed",
    "PWD=/root OLDPWD=/tmp",
    "PasswordAuthentication=no",
    "https://boot.example.org:8080/p2v/vmlinuz",
    "/dev/sda1: UUID=5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d",
    "sd 2:0:0:0: [sda] 41943040 512-byte logical blocks",
  ])
    assert.equal(blotText(text), text);
});

test("blotArguments() hides what follows a flag for a secret, but no path and no other flag", () => {
  assert.deepEqual(
    blotArguments(["curl", "--password", "SECRET", "--token=SECRET", "-o", "NumberOfPasswordPrompts=1"]),
    ["curl", "--password", "***", "--token=***", "-o", "NumberOfPasswordPrompts=1"],
  );
  assert.deepEqual(
    blotArguments(["x", "--key-file", "/run/key", "--private-key", "/root/id", "--passwd", "-v"]),
    ["x", "--key-file", "/run/key", "--private-key", "/root/id", "--passwd", "-v"],
  );
});

test("blotJson() hides by keys, at any depth, and keeps the shape", () => {
  const value = {
    a: [{ psk: "SECRET", ssid: "home" }],
    token: ["SECRET"],
    log: "x\npassword=SECRET\ny",
    n: 1,
  };
  assert.deepEqual(blotJson(value), {
    a: [{ psk: "***", ssid: "home" }],
    token: ["***"],
    log: "x\npassword=***\ny",
    n: 1,
  });
  let deep: unknown = "SECRET";
  for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
  assert.doesNotMatch(JSON.stringify(blotJson(deep)), /SECRET/);
});

test("blotText() takes time in proportion to the text", () => {
  const hostile = [
    "password".repeat(200_000),
    "a://b:".repeat(100_000),
    `${"x".repeat(32_000)}\n`.repeat(20),
    `${"a=".repeat(16_000)}\n`.repeat(10),
    `${"a://u:".repeat(5000)}\n`.repeat(5),
    `${"aB1".repeat(10_000)}.\n`.repeat(20),
    `${"eyJ".repeat(10_000)}\n`.repeat(20),
    `${"password ".repeat(3500)}\n`.repeat(20),
  ];
  for (const text of hostile) blotText(text); // quadratic ones take minutes: the runner's limit ends them
});
