// SPDX-License-Identifier: Apache-2.0
// Each file that a step reads or writes, and each directory above it, as anything but itself: a word, and no crash.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeGuest, fakeGuest, propose } from "../support/guests/convert-guest.ts";
import { diskGraph, SYSTEM_FILES, testIntent } from "../support/guests/sample-guest.ts";
import { TARGETS } from "../support/guests/hostile-guest.ts";
import type { GuestView } from "../../src/core/index.ts";
import { inspectGuest, readMounts } from "../../src/inspect/index.ts";
import { type GuestTree, type MemoryFile, memoryView, treeOf, viewOf } from "../../src/system/index.ts";

const FILES: Readonly<Record<string, MemoryFile>> = { ...SYSTEM_FILES, ...TARGETS };
const MADE = ["/etc/udev/rules.d/70-p2v-net.rules", "/etc/systemd/network/10-p2v-enp3s0.link"];
const ODD: Readonly<Record<string, MemoryFile>> = {
  "a device": { special: true },
  "a file": "nonsense\n",
  "a link to nothing": { link: "/nowhere/at/all" },
  "a circle": { link: "/circle" },
};

const PATHS = [...Object.keys(FILES), ...MADE];
const PARENTS = new Set(
  PATHS.flatMap((path) =>
    path
      .split("/")
      .slice(1, -1)
      .map((_, index, names) => `/${names.slice(0, index + 1).join("/")}`),
  ),
);

function withOdd(path: string, odd: MemoryFile): Record<string, MemoryFile> {
  const kept = Object.entries(FILES).filter(([one]) => one !== path && !one.startsWith(`${path}/`));
  return { ...Object.fromEntries(kept), "/circle": { link: "/circle" }, [path]: odd };
}

/** Without the initramfs: that one is opened and built anew each time, and has tests of its own. */
async function look(fake: FakeGuest, view: GuestView): Promise<Awaited<ReturnType<typeof propose>>> {
  const graph = diskGraph();
  const rootNode = "disk:1/part:1/filesystem";
  const { mounts, names } = await readMounts(view, { graph, root: rootNode });
  const found = { rootNode, mounts, names, usedBytes: 0 };
  const intent = { ...testIntent(), skipSteps: ["initramfs", "prove"] };
  return await propose({ ...fake, view, intent, guest: await inspectGuest(view, found) });
}

/** All kinds for directories; for files, which are many, the one that cannot even be looked at. */
const placesOf = (what: string): readonly string[] =>
  what === "a device" ? [...PARENTS, ...PATHS] : [...PARENTS];

for (const [what, odd] of Object.entries(ODD))
  test(`${what} in the place of each file and directory`, async (t) => {
    const fake = await fakeGuest(t);
    for (const path of placesOf(what)) {
      const { changes } = await look(fake, memoryView(withOdd(path, odd))).catch((error: unknown) => {
        throw new Error(`${path}: ${String(error)}`, { cause: error });
      });
      // Each change can be made: what is above it is a directory, or will be one.
      const view = memoryView(withOdd(path, odd));
      for (const change of changes)
        for (let end = change.path.lastIndexOf("/"); end > 0; end = change.path.lastIndexOf("/", end - 1)) {
          const state = await view.state(change.path.slice(0, end));
          assert.match(state.kind, /^(?:directory|absent)$/, `${path}: ${change.path}`);
        }
    }
  });

test("no file of terabytes is ever read, to hash it either", async (t) => {
  const fake = await fakeGuest(t);
  for (const path of Object.keys(TARGETS)) {
    const below = treeOf(memoryView(withOdd(path, "x")));
    const tree: GuestTree = {
      async entry(at) {
        const entry = await below.entry(at);
        if (at !== path || entry === null) return entry;
        const read = (): Promise<never> =>
          Promise.reject(new assert.AssertionError({ message: `${path} was read` }));
        return { kind: "file", sizeBytes: 2 ** 41, read };
      },
      state: async (at, entry) => {
        assert.notEqual(at, path, `${path} was hashed`);
        return await below.state(at, entry);
      },
    };
    await look(fake, viewOf(tree));
  }
});

test("a directory that is none is named, and the files that belong there are not silently left out", async (t) => {
  const fake = await fakeGuest(t);
  for (const [path, odd] of [
    ["/etc", "a file"],
    ["/etc/udev", "a link to nothing"],
    ["/etc/udev/rules.d", "a device"],
    [MADE[0] ?? "", "a device"],
  ] as const) {
    const { problems } = await look(fake, memoryView(withOdd(path, ODD[odd] ?? "")));
    assert.match(
      problems.map(({ text }) => text).join("\n"),
      new RegExp(`^${path} in the guest is not a `, "m"),
      path,
    );
  }
});
