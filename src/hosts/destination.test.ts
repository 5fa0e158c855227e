// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Destination, UserError } from "../core/index.ts";
import { parseDestination, parseHostUri } from "./destination.ts";

const ssh = (part: Partial<Extract<Destination, { kind: "ssh" }>>): Destination => ({
  kind: "ssh",
  user: null,
  host: "host",
  port: null,
  path: "/var/vms",
  ...part,
});

for (const [text, want] of [
  ["dir:./vms", { kind: "dir", path: "./vms" }],
  ["dir:/srv/my vms", { kind: "dir", path: "/srv/my vms" }],
  ["ssh://host/var/vms", ssh({})],
  ["SSH://host/var/vms", ssh({})],
  ["ssh://root@host/var/vms", ssh({ user: "root" })],
  ["ssh://root@host:2222/var/vms", ssh({ user: "root", port: 2222 })],
  ["ssh://10.0.0.7/var/vms", ssh({ host: "10.0.0.7" })],
  ["ssh://root@[fe80::1%eth0]:22/var/vms", ssh({ user: "root", host: "fe80::1%eth0", port: 22 })],
  ["ssh://[::1]/var/vms", ssh({ host: "::1" })],
  ["ssh://host/my%20vms", ssh({ path: "/my vms" })],
  ["ssh://host/var/vms/", ssh({ path: "/var/vms/" })],
] as const)
  test(`parseDestination(${JSON.stringify(text)})`, () => {
    assert.deepEqual(parseDestination(text), want);
  });

for (const text of [
  "",
  "dir:",
  "/var/vms",
  "./vms",
  "root@host:/var/vms",
  "https://host/x",
  "ssh:host/x",
  "ssh://",
  "ssh:///x",
  "ssh://host",
  "ssh://host/",
  "ssh://host:0/x",
  "ssh://host:99999/x",
  "ssh://host:port/x",
  "ssh://host:/x",
  "ssh://-oProxyCommand=x/y",
  "ssh://-l@host/x",
  "ssh://root:secret@host/x",
  "ssh://::1/x",
  "ssh://[host]/x",
  "ssh://[::1/x",
  "ssh://ho st/x",
  "ssh://host/a%0Ab",
  "ssh://host/a%zz",
  "ssh://a@b@host/x",
])
  test(`parseDestination(${JSON.stringify(text)}) is refused`, () => {
    assert.throws(
      () => parseDestination(text),
      (error) => error instanceof UserError && error.area === "usage" && error.advice !== "",
    );
  });

test("parseDestination() advises what was probably meant", () => {
  const adviceFor = (text: string): string => {
    try {
      parseDestination(text);
    } catch (error) {
      if (error instanceof UserError) return error.advice;
    }
    return "";
  };
  assert.match(adviceFor("root@host:/var/vms"), /ssh:\/\/root@host\/var\/vms/);
  assert.match(adviceFor("./vms"), /dir:\.\/vms/);
});

test("parseDestination() takes any text without a bug", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `ssh://${text}`),
      ),
      (text) => {
        try {
          const found = parseDestination(text);
          if (found.kind === "ssh") assert.match(found.host, /^[^-]/);
        } catch (error) {
          assert.ok(error instanceof UserError);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("parseHostUri() needs no directory", () => {
  assert.deepEqual(parseHostUri("ssh://root@host"), ssh({ user: "root", path: "/" }));
  assert.deepEqual(parseHostUri("ssh://root@host:22/"), ssh({ user: "root", port: 22, path: "/" }));
  assert.deepEqual(parseHostUri("ssh://host/var/vms"), ssh({}));
  assert.deepEqual(parseHostUri("dir:."), { kind: "dir", path: "." });
  assert.throws(() => parseHostUri("host"), UserError);
});
