// SPDX-License-Identifier: Apache-2.0
// What a person reads of a change: the difference, and never a secret.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { assertLinear } from "../../../tests/support/growth.ts";
import type { Blobs, Change, FileState } from "../../core/index.ts";
import { openBlobs } from "../apply/blobs.ts";
import { renderDiff } from "./diff.ts";
import { temporary } from "../../../tests/support/temporary.ts";

async function makeBlobs(t: TestContext): Promise<Blobs> {
  const directory = await temporary(t);
  return await openBlobs(directory);
}

async function diffOf(
  blobs: Blobs,
  path: string,
  { before, after }: { before: string | Buffer | null; after: string | Buffer | null },
): Promise<string | null> {
  const state = async (content: string | Buffer | null): Promise<FileState> => {
    if (content === null) return { kind: "absent" };
    const bytes = Buffer.from(content as string);
    const sha256 = await blobs.put(bytes);
    return { kind: "bytes", mode: 0o644, uid: 0, gid: 0, xattrs: {}, sha256, sizeBytes: bytes.length };
  };
  const change: Change = {
    step: "test",
    why: "test",
    path,
    before: await state(before),
    after: await state(after),
  };
  return await renderDiff(change, blobs);
}

test("renderDiff() shows a unified diff, and new and removed files against /dev/null", async (t) => {
  const blobs = await makeBlobs(t);
  assert.equal(
    await diffOf(blobs, "/etc/fstab", { before: "a\nb\nc\n", after: "a\nB\nc\n" }),
    "--- /etc/fstab\n+++ /etc/fstab\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
  );
  assert.match(
    (await diffOf(blobs, "/etc/x", { before: null, after: "x\n" })) ?? "",
    /^--- \/dev\/null\n\+\+\+ \/etc\/x\n/,
  );
  assert.match(
    (await diffOf(blobs, "/etc/x", { before: "x\n", after: null })) ?? "",
    /\n\+\+\+ \/dev\/null\n/,
  );
  assert.equal(
    await diffOf(blobs, "/boot/initrd.img", { before: Buffer.from([0, 1]), after: Buffer.from([0, 2]) }),
    null,
  );
});

/** Ten secrets, where guests keep them. Each text is the lines around a change. */
const PLANTED: readonly (readonly [string, string])[] = [
  [
    "/etc/NetworkManager/system-connections/office.nmconnection",
    "[wifi-security]\nkey-mgmt=wpa-psk\npsk=SECRET\n",
  ],
  [
    "/etc/NetworkManager/system-connections/vpn.nmconnection",
    "[vpn-secrets]\npassword=SECRET\nXauth password=SECRET\n",
  ],
  ["/etc/NetworkManager/system-connections/wg.nmconnection", "[wireguard]\nprivate-key=SECRET\n"],
  ["/etc/netplan/01-wifi.yaml", 'access-points:\n  "home":\n    password: "SECRET"\n'],
  ["/etc/netplan/02-802.1x.yaml", "auth: {key-management: 802.1x, identity: joe, password: SECRET}\n"],
  [
    "/etc/network/interfaces",
    "iface wlan0 inet dhcp\n  wpa-ssid home\n  wpa-psk SECRET\n  wireless-key s:SECRET\n",
  ],
  ["/etc/wpa_supplicant/wpa_supplicant.conf", 'network={\n\tssid="home"\n\t#psk="SECRET"\n\tpsk=SECRET\n}\n'],
  ["/etc/crypttab", "data UUID=1234 /root/SECRET.key luks\n"],
  [
    "/boot/grub/grub.cfg",
    "set superusers=root\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.SECRET.SECRET\n",
  ],
  ["/etc/grub.d/40_custom", "password root SECRET\n"],
  [
    "/etc/fstab",
    "//nas/share /mnt cifs username=joe,password=SECRET 0 0\nhttps://joe:SECRET@host/ /dav davfs\n",
  ],
  ["/etc/sysconfig/network-scripts/keys-wlan0", "KEY=SECRET\nWPA_PSK='SECRET'\n"],
  [
    "/etc/openvpn/inline.conf",
    "<key>\n-----BEGIN PRIVATE KEY-----\nSECRET\nSECRET\n-----END PRIVATE KEY-----\n</key>\n",
  ],
  ["/etc/cloud/cloud.cfg", "passwd: $6$SECRET$SECRETSECRET\napi_token: SECRET\n"],
];

test("renderDiff() shows none of the secrets planted, changed or near a change", async (t) => {
  const blobs = await makeBlobs(t);
  for (const [path, text] of PLANTED)
    for (const after of [`# changed\n${text}`, text.replaceAll("SECRET", "SECRETnew"), null]) {
      const diff = await diffOf(blobs, path, { before: text, after });
      assert.doesNotMatch(diff ?? "", /SECRET/, path);
      assert.notEqual(diff, null);
    }
  const shown = await diffOf(blobs, PLANTED[0]?.[0] ?? "", { before: PLANTED[0]?.[1] ?? "", after: "" });
  assert.match(shown ?? "", /^-psk=\*\*\*$/m);
});

test("renderDiff() never shows files that are secrets as a whole", async (t) => {
  const blobs = await makeBlobs(t);
  for (const path of [
    "/etc/shadow",
    "/etc/gshadow-",
    "/etc/ssh/ssh_host_ed25519_key",
    "/root/.ssh/id_rsa",
    "/etc/ssl/private/web.key",
    "/etc/wireguard/wg0.conf",
  ])
    assert.equal(await diffOf(blobs, path, { before: "SECRET\n", after: "SECRET2\n" }), null, path);
});

test("renderDiff() of very long lines and large files is bounded", async (t) => {
  const blobs = await makeBlobs(t);
  await assertLinear("a line of passwords", async (scale) => {
    const long = "password".repeat(12_500 * scale);
    const diff = (await diffOf(blobs, "/etc/x", { before: long, after: `${long}\nx` })) ?? "";
    assert.doesNotMatch(diff, /password/);
  });
  const large = "line\n".repeat(250_000);
  assert.match(
    (await diffOf(blobs, "/etc/y", { before: large, after: large.toUpperCase() })) ?? "",
    /too large to compare/,
  );
});
