// SPDX-License-Identifier: Apache-2.0
// Several installed systems: the person says which one, by a page where the command line has --root.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleSystemsState } from "../../../lab/samples/wizard.ts";
import { ALL, error, walk } from "../../../tests/support/wizard-walk.ts";

const BEFORE = ALL.slice(0, 6);
const VM = ALL.slice(6);

test("the system that the machine starts is offered first, and the answer is its UUID", async () => {
  const state = { ...sampleSystemsState(), live: false };
  const { kept } = await walk([...BEFORE, ["Installed systems", "standing", "next"], ...VM], { state });
  assert.deepEqual(kept?.answers.get("root"), ["3a53-7ca8"]);
});

test("for another one the disks are looked at anew, and its name is the VM's", async () => {
  const state = { ...sampleSystemsState(), live: false };
  const asked: (string | null)[] = [];
  const { kept } = await walk([...BEFORE, ["Installed systems", ["/dev/sdb1"], "next"], ...VM], {
    state,
    inspect: async (_, { root }) => {
      asked.push(root);
      const guest = state.guest === null ? null : { ...state.guest, root: "part:sdb1", hostname: "old" };
      return { machine: state.machine, guest, network: null, problems: state.problems };
    },
  });
  assert.deepEqual(asked, ["77aa-01fe"]);
  assert.deepEqual(kept?.answers.get("root"), ["77aa-01fe"]);
  assert.deepEqual(kept?.answers.get("name"), ["old"]);
});

test("with the disk of one system there is nothing to choose, and no choice of before stays", async () => {
  const state = { ...sampleSystemsState(), live: false };
  const { kept } = await walk(
    [
      ...BEFORE,
      ["Installed systems", ["/dev/sda1"], "back"],
      ["Disks", "standing", "next"],
      ["Installed systems", "standing", "next"],
      ["Virtual machine", "standing", "back"],
      ["Installed systems", "standing", "back"],
      ["Disks", ["/dev/sdb"], "next"],
      ...VM,
    ],
    { state },
  );
  assert.equal(kept?.answers.get("root"), undefined);
});

test("where nothing tells, the plan's stop leads to the page", async () => {
  const state = { ...sampleSystemsState({ unclear: true }), live: false };
  let tries = 0;
  const page = ["Installed systems", ["/dev/sdb1"], "next"] as const;
  await walk([...BEFORE, page, ...VM, [/root-unclear/, "standing", "next"], page, ...VM], {
    state,
    inspect: async () => ({ ...state, network: null }),
    job: async () => {
      tries += 1;
      if (tries === 1) throw error("root-unclear");
      return { kind: "ended", code: 0 };
    },
  });
  assert.equal(tries, 2);
});
