// SPDX-License-Identifier: Apache-2.0
// Volumes that this machine's TPM, a token or a server on this network unlocks. The VM has none of them, and would wait at
// its console. Only reported: the passphrase is a person's.
import { guestFiles, type GuestView, makeProblem, named } from "../../../core/index.ts";
import { ALL_FILES } from "../../loaders/list.ts";
import { step } from "../step.ts";
import { splitLines } from "../../text/lines.ts";

const ADVICE =
  "Before: add a passphrase on the machine (systemd-cryptenroll --password DEVICE), and type it at the VM's console; afterwards enroll the VM's own TPM";

export const sealedKeys = step(
  {
    name: "sealed-keys",
    explains:
      "Reports encrypted volumes that a TPM, a token or Clevis unlocks, and what to do before the migration",
  },
  async ({ view, intent, draft }) => {
    for (const { name, by } of findSealed((await draft.read("/etc/crypttab", { severity: "notes" })) ?? ""))
      draft.problem(
        makeProblem("key-sealed", {
          about: named("device", `/dev/mapper/${name}`),
          text: `The encrypted volume ${name} is unlocked by ${by}, which the VM does not have`,
          advice: ADVICE,
        }),
      );
    for (const { path, by } of await sealedWords(view))
      draft.problem(
        makeProblem("key-sealed", {
          about: guestFiles(path),
          text: `The kernel's word rd.luks.options= in ${path} unlocks an encrypted volume by ${by}, which the VM does not have`,
          advice: ADVICE,
        }),
      );
    const encrypted = intent.storage.nodes.some(({ holds }) => holds.kind === "luks");
    if (encrypted && (await view.resolve("/usr/bin/clevis-luks-unlock")) !== null)
      draft.problem(
        makeProblem("key-clevis", {
          about: named("program", "clevis"),
          text: "Clevis is installed and a volume is encrypted: its key may be sealed in this machine's TPM, or held by a Tang server",
          advice:
            "Before: see `clevis luks list -d DEVICE`; add a passphrase with cryptsetup luksAddKey, and bind again in the VM (clevis luks bind)",
        }),
      );
  },
);

const OPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^tpm2-device=/, "this machine's TPM"],
  [/^fido2-device=/, "a FIDO2 token"],
  [/^pkcs11-uri=/, "a smart card"],
  // Debian's cryptsetup-initramfs, and the packages yubikey-luks and ykfde.
  [/^keyscript=.*(?:opensc|pkcs11)/, "a smart card"],
  [/^keyscript=.*(?:yk|yubi)/, "a YubiKey"],
];

/** crypttab(5): the fourth field has options, separated by commas. At most 20. Pure. */
export function findSealed(text: string): readonly { name: string; by: string }[] {
  const out: { name: string; by: string }[] = [];
  for (const line of splitLines(text)) {
    const [name = "", , , options = ""] = line
      .slice(0, 4096)
      .trim()
      .split(/[ \t]+/, 4);
    if (name === "" || name.startsWith("#")) continue;
    for (const option of options.split(","))
      for (const [pattern, by] of OPTIONS) if (pattern.test(option)) out.push({ name, by });
    if (out.length >= 20) break;
  }
  return out.slice(0, 20);
}

type SealedWord = { readonly path: string; readonly by: string };

const MAX_BYTES = 8 * 2 ** 20;

/** systemd-cryptsetup-generator(8): options for all volumes, or for one (`UUID=OPTIONS`). One for each kind of key. */
async function sealedWords(view: GuestView): Promise<readonly SealedWord[]> {
  const found = new Map<string, SealedWord>();
  for (const kind of ALL_FILES)
    for (const path of await kind.paths(view)) {
      const text = await view.readText(path, { maxBytes: MAX_BYTES }).catch((error: unknown) => {
        if (error instanceof RangeError || error instanceof TypeError) return null;
        throw error;
      });
      for (const [, options = ""] of (text ?? "").matchAll(
        /(?:^|[\s"'=])(?:rd\.)?luks\.options=([^\s"']{1,500})/g,
      ))
        for (const option of options.replace(/^[0-9a-f-]{36}=/i, "").split(","))
          for (const [pattern, by] of OPTIONS)
            if (pattern.test(option) && !found.has(by)) found.set(by, { path, by });
    }
  return [...found.values()];
}
