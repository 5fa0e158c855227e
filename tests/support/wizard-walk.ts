// SPDX-License-Identifier: Apache-2.0
// A walk through the wizard's pages by a script, with acts that only count.
import assert from "node:assert/strict";
import { type Move, sampleWizardState, scriptedScreen } from "../../lab/samples/wizard.ts";
import { type NetworkSetup, type ProblemCode, UserError } from "../../src/core/index.ts";
import type { Acts } from "../../src/ui/wizard/acts.ts";
import type { WizardState } from "../../src/ui/wizard/state.ts";
import { runWizard } from "../../src/ui/wizard/wizard.ts";

export const error = (code: ProblemCode): UserError =>
  new UserError(code, `It is ${code}`, { advice: "Do better" });

export async function walk(
  script: readonly Move[],
  given: {
    state?: Partial<WizardState>;
    job?: Acts["job"];
    checkHost?: Acts["checkHost"];
    keyboard?: Acts["keyboard"];
    inspect?: Acts["inspect"];
    trouble?: UserError;
  } = {},
): Promise<{
  code: number;
  seen: readonly string[];
  kept: WizardState | null;
  scanned: number;
  applied: readonly (NetworkSetup | null)[];
  blinked: readonly string[];
}> {
  const screen = scriptedScreen(script);
  let kept: WizardState | null = null;
  let scanned = 0;
  const applied: (NetworkSetup | null)[] = [];
  const blinked: string[] = [];
  const state = sampleWizardState({ live: false, ...given.state });
  const code = await runWizard({
    screen,
    state,
    trouble: given.trouble ?? null,
    keep: async (one) => void (kept = one),
    acts: {
      hostKeys: async () => {
        scanned += 1;
        return [{ type: "ED25519", fingerprint: "SHA256:new" }];
      },
      inspect:
        given.inspect ??
        (async () => ({ machine: state.machine, guest: state.guest, network: null, problems: [] })),
      keyboard: given.keyboard ?? (async () => undefined),
      ports: async () => state.machine.nics,
      applyNetwork: async (setup) => void applied.push(setup),
      checkNetwork: async () => [{ what: "address", ok: true, text: "there" }],
      checkHost: given.checkHost ?? (async () => []),
      blink: async (port) => void blinked.push(port),
      job: given.job ?? (async () => ({ kind: "ended", code: 0 })),
      finish: () => Promise.resolve(),
    },
    signal: new AbortController().signal,
  });
  assert.equal(screen.left(), 0);
  return { code, seen: screen.seen, kept, scanned, applied, blinked };
}

export const ALL: readonly Move[] = [
  ["Welcome", "standing", "next"],
  ["Where the VM goes", "standing", "next"],
  ["Host", "standing", "next"],
  ["Is this your host?", "standing", "next"],
  ["Login", "standing", "next"],
  ["Disks", "standing", "next"],
  ["Virtual machine", "standing", "next"],
];

export const HOST = ["xen1.example.org", "2222", "root", "/srv/vms"];
export const VM = ["web", "2G", "2", "auto", "", "raw"];
