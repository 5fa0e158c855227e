// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHostKey, parseSshSettings } from "./known-way.ts";

const DESTINATION = { kind: "ssh", user: null, host: "web", port: null, path: "/srv" } as const;

test("the host's key is the one that ssh names, and no line of anybody else", () => {
  const print = `SHA256:${"a".repeat(43)}`;
  assert.equal(
    parseHostKey(`OpenSSH_9.2\r\ndebug1: Server host key: ssh-ed25519 ${print}\r\ndebug1: x\n`),
    print,
  );
  assert.equal(parseHostKey(`banner: Server host key: ssh-ed25519 ${print}\n`), null);
  assert.equal(parseHostKey("debug1: Server host key: ssh-ed25519 MD5:aa:bb\n"), null);
});

test("an alias becomes the host, user and port behind it; what goes through others is named", () => {
  const text = "user joe\nhostname 192.0.2.9\nport 2222\nproxycommand none\n";
  assert.deepEqual(parseSshSettings(text, DESTINATION), {
    destination: { ...DESTINATION, user: "joe", host: "192.0.2.9", port: 2222 },
    through: null,
  });
  assert.equal(parseSshSettings(`${text}proxyjump gate\n`, DESTINATION).through, "gate");
  assert.equal(parseSshSettings("proxycommand nc -x p %h %p\n", DESTINATION).through, "nc -x p %h %p");
  assert.deepEqual(parseSshSettings("", { ...DESTINATION, user: "x" }).destination, {
    ...DESTINATION,
    user: "x",
  });
});
