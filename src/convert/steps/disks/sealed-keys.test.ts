// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, propose, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { findSealed, sealedKeys } from "./sealed-keys.ts";

test("problem 15: volumes that a TPM, a token or Clevis unlocks are told before the copy, with what to do", async (t) => {
  assert.deepEqual(
    findSealed(
      "# c UUID=1 none tpm2-device=auto\na UUID=1 none luks,tpm2-device=auto,discard\nb UUID=2 - fido2-device=auto\nd UUID=3 none luks\n",
    ),
    [
      { name: "a", by: "this machine's TPM" },
      { name: "b", by: "a FIDO2 token" },
    ],
  );
  const storage = testIntent().storage;
  const node = storage.nodes[0];
  assert.ok(node !== undefined);
  const luks = { ...node, id: "luks", holds: { kind: "luks", uuid: "1-2-3-4" } } as const;
  const fake = await fakeGuest(t, {
    files: { "/usr/bin/clevis-luks-unlock": "", "/etc/crypttab": "a UUID=1-2-3-4 none tpm2-device=auto\n" },
    guest: testGuestOS({ kernels: [] }),
    intent: { ...testIntent(), storage: { ...storage, nodes: [...storage.nodes, luks] } },
  });
  const { problems } = await propose(fake);
  const told = problems.filter(({ code }) => code === "key-sealed" || code === "key-clevis");
  assert.deepEqual(
    told.map(({ severity }) => severity),
    ["warns", "warns"],
  );
  assert.match(String(told[0]?.advice), /cryptenroll/);
});

test("a kernel's word that names a TPM counts too, once for each kind of key", async (t) => {
  const menu = (words: string): string => `menuentry 'a' {\n\tlinux /boot/vmlinuz root=UUID=1 ${words}\n}\n`;
  const codes = async (words: string): Promise<readonly string[]> => {
    const fake = await fakeGuest(t, {
      files: { "/boot/grub/grub.cfg": menu(words), "/etc/kernel/cmdline": `${words}\n` },
    });
    const { problems } = await proposeStep(sealedKeys, fake);
    return problems.map(
      ({ code, about }) => `${code} ${about.map((one) => ("path" in one ? one.path : "")).join()}`,
    );
  };
  assert.deepEqual(await codes("rd.luks.options=discard,tpm2-device=auto"), [
    "key-sealed /boot/grub/grub.cfg",
  ]);
  assert.deepEqual(await codes("luks.options=11111111-2222-4333-8444-555555555555=fido2-device=auto"), [
    "key-sealed /boot/grub/grub.cfg",
  ]);
  assert.deepEqual(await codes("rd.luks.options=discard,timeout=10s"), []);
});
