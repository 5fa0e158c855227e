// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeProblem } from "../core/index.ts";
import { withLeftBehind } from "./left-behind.ts";

const lost = (code: "mount-not-found" | "fstab-not-given", path: string) =>
  makeProblem(code, {
    about: [{ kind: "mount", spec: "UUID=a", path, type: "ext4" }],
    text: "not given",
    advice: "give it",
  });

test("a line that got nofail warns once, of what is written there then; all others stay", () => {
  const problems = [
    lost("mount-not-found", "/srv"),
    lost("fstab-not-given", "/srv"),
    lost("mount-not-found", "/data"),
  ];
  const fstab = "UUID=a /srv ext4 defaults,nofail 0 2\nUUID=a /data ext4 defaults 0 2\n";
  const found = (step: string) => withLeftBehind(problems, { changes: [{ step }], fstab });
  assert.deepEqual(found("fstab"), problems);
  assert.deepEqual(
    found("absent-mounts").map(({ code }) => code),
    ["mount-left-behind", "mount-not-found"],
  );
});
