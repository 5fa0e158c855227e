// SPDX-License-Identifier: Apache-2.0
// A passphrase on its way: asked for, tried, given to the job, and kept nowhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleEncryptedState } from "../../../lab/samples/wizard.ts";
import type { Answers } from "../../plan/index.ts";
import { jobAnswers } from "./state.ts";
import { ALL, error, walk } from "../../../tests/support/wizard-walk.ts";

test("a passphrase is asked for until it opens something, reaches the job, and is in no answer that is kept", async () => {
  const state = { ...sampleEncryptedState(), live: false, lookedAt: false };
  const { nodes, edges } = state.machine.storage;
  const open = nodes.flatMap((node) =>
    node.holds.kind === "luks"
      ? [{ ...node, id: `${node.id}/crypt`, holds: { ...node.holds, kind: "crypt" } as const }]
      : [],
  );
  const storage = {
    nodes: [...nodes, ...open],
    edges: [...edges, ...open.map(({ id }) => ({ from: id, to: id.replace("/crypt", ""), map: null }))],
  };
  const tried: string[] = [];
  let answers: Answers | null = null;
  const { code, kept, seen } = await walk(
    [
      ["Welcome", "standing", "next"],
      ["Encrypted volumes", ["wrong"], "next"],
      ...ALL.slice(1, 5),
      [/luks-key-wrong/, [], "next"],
      ["Encrypted volumes", ["right"], "next"],
      ...ALL.slice(1),
    ],
    {
      state,
      inspect: async (_, { keys }) => {
        for (const { from } of keys)
          if (from.kind === "typed") tried.push(Buffer.from(from.secret.reveal()).toString());
        if (tried.at(-1) !== "right") throw error("luks-key-wrong");
        return { machine: { ...state.machine, storage }, guest: state.guest, network: null, problems: [] };
      },
      job: async ({ state: last }) => {
        answers = jobAnswers(last);
        return { kind: "ended", code: 0 };
      },
    },
  );
  assert.equal(code, 0);
  assert.deepEqual(tried, ["wrong", "right"]);
  const keys = (answers as Answers | null)?.keys ?? [];
  assert.deepEqual(
    keys.map(({ from }) => from.kind),
    ["typed"],
  );
  assert.doesNotMatch(JSON.stringify([...(kept?.answers ?? [])]), /right|wrong/);
  assert.doesNotMatch(JSON.stringify({ kept, answers, seen }), /"right"/);
});
