// SPDX-License-Identifier: Apache-2.0
// Conversion against goldens: the proposal equals the golden, its chain of boot too, and proposing on the result gives nothing.
// With P2V_UPDATE_GOLDEN=1 the goldens are written anew; their diff is then reviewed.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test, type TestContext } from "node:test";
import { walkChain } from "../../src/chain/index.ts";
import type { DriverExtras } from "../../src/convert/index.ts";
import type { BlockNode, Change, FileState, GuestOS, Intent, Mount, Problem } from "../../src/core/index.ts";
import { readMounts } from "../../src/inspect/index.ts";
import { readExtras } from "../../src/job/index.ts";
import { makeVm } from "../../src/plan/index.ts";
import { layeredView, type MemoryFile, memoryView } from "../../src/system/index.ts";
import { chainLines } from "../../src/ui/print/chain.ts";
import { type FakeGuest, fakeGuest, type FakeOptions, propose } from "../support/guests/convert-guest.ts";
import { diskGraph, SYSTEM_FILES, testGuestOS, testIntent } from "../support/guests/sample-guest.ts";
import { rpmBytes } from "../support/guests/packages.ts";
import { makeSystem, type SystemCase } from "../support/guests/convert-system.ts";
import { temporary } from "../support/temporary.ts";

const DIRECTORY = join(import.meta.dirname, "convert");

/** case.json: what differs from the guest and intent of tests/support/convert-guest.ts. */
type Case = {
  readonly says: string;
  readonly fileSystem?: string;
  readonly init?: GuestOS["init"];
  readonly hypervisor?: Intent["hypervisor"];
  readonly nics?: readonly { readonly name: string; readonly mac: string }[];
  readonly mounts?: readonly Mount[];
  /** Further nodes of the graph. */
  readonly nodes?: readonly BlockNode[];
  /** A whole system, as inspection finds it; then only `hypervisor`, `nics` and `with` count besides. */
  readonly system?: SystemCase;
  /** Optional steps that are done. */
  readonly with?: readonly string[];
  /** Headers of packages in extras/, by their place there. */
  readonly extras?: Readonly<Record<string, Parameters<typeof rpmBytes>[0]>>;
  /** What the scripted package tool puts into the guest. */
  readonly installs?: Readonly<Record<string, string>>;
};

const update = process.env["P2V_UPDATE_GOLDEN"] === "1";

const cases = (await readdir(DIRECTORY, { withFileTypes: true })).filter((one) => one.isDirectory());

for (const name of cases.map((one) => one.name).toSorted()) {
  const directory = join(DIRECTORY, name);
  const spec = JSON.parse(await readFile(join(directory, "case.json"), "utf8")) as Case;
  test(`${name}: ${spec.says}`, async (t) => {
    const files = await readTree(join(directory, "in"));
    const extras = spec.extras === undefined ? {} : { extras: await writeExtras(t, spec.extras) };
    const guest = await fakeGuest(t, {
      ...(await optionsOf(spec, files)),
      ...extras,
      installs: spec.installs ?? {},
    });
    const { changes, problems: told, guest: then } = await propose(guest);
    const words = JSON.stringify(told).replaceAll(guest.extras?.directory ?? "/extras", "/extras");
    const problems = JSON.parse(words) as Problem[];
    const { family, id, version, loader, initramfsTool, init } = guest.guest;
    const inspected =
      spec.system === undefined ? {} : { guest: { family, id, version, loader, initramfsTool, init } };
    const installed =
      guest.installed.length === 0
        ? {}
        : { installed: guest.installed.map(({ script }) => script.split("\n")) };
    const found = { ...inspected, ...installed, changes: changes.map(summary), problems };
    const again = { ...guest, guest: then, view: layeredView(guest.view, guest.blobs, changes) };
    // Other cases are a few files of a system, which has no boot to be judged.
    const chain = spec.system === undefined ? null : await chainOf(again);
    if (update) {
      await rm(join(directory, "out"), { recursive: true, force: true });
      await writeTree(join(directory, "out"), await changedFiles(changes, guest));
      await writeFile(join(directory, "changes.json"), `${JSON.stringify(found, null, 2)}\n`);
      if (chain !== null) await writeFile(join(directory, "chain.txt"), chain);
    }
    assert.deepEqual(found, JSON.parse(await readFile(join(directory, "changes.json"), "utf8")));
    assert.deepEqual(await changedFiles(changes, guest), await readTree(join(directory, "out")));
    if (chain !== null) assert.equal(chain, await readFile(join(directory, "chain.txt"), "utf8"));
    assert.deepEqual((await propose(again)).changes, []);
  });
}

/** As `plan` prints it, at a width where no line is wrapped. */
async function chainOf({ view, guest, intent }: FakeGuest): Promise<string> {
  const signal = AbortSignal.timeout(60_000);
  const chain = await walkChain({ view, guest, intent, vm: makeVm(intent, guest), signal });
  return `${chainLines(chain, 1000).join("\n")}\n`;
}

async function writeExtras(t: TestContext, packages: NonNullable<Case["extras"]>): Promise<DriverExtras> {
  const directory = await temporary(t);
  for (const [path, header] of Object.entries(packages)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), rpmBytes(header));
  }
  return { directory, packages: (await readExtras(directory))?.packages ?? [] };
}

async function optionsOf(spec: Case, files: Readonly<Record<string, Buffer>>): Promise<FakeOptions> {
  if (spec.system === undefined)
    return await withNames({ ...guestOf(spec), files: { ...SYSTEM_FILES, ...files } });
  const { intent, ...found } = await makeSystem(spec.system, files);
  const nics = spec.nics?.map((nic) => ({ ...nic, origin: "given" as const })) ?? intent.nics;
  return {
    ...found,
    intent: { ...intent, nics, hypervisor: spec.hypervisor ?? "auto", withSteps: spec.with ?? [] },
  };
}

/** What the disk was called is learned from the files, as inspection does. */
async function withNames(
  made: Required<Pick<FakeOptions, "files" | "guest" | "intent">>,
): Promise<FakeOptions> {
  const place = { graph: made.intent.storage, root: made.guest.root };
  const { names } = await readMounts(memoryView(made.files), place);
  return { ...made, guest: { ...made.guest, names } };
}

function guestOf(spec: Case): { guest: GuestOS; intent: Intent } {
  const graph = diskGraph(spec.fileSystem === undefined ? {} : { type: spec.fileSystem });
  const storage = { ...graph, nodes: [...graph.nodes, ...(spec.nodes ?? [])] };
  const intent = testIntent({ storage });
  const nics = spec.nics?.map((nic) => ({ ...nic, origin: "guest" as const })) ?? intent.nics;
  return {
    guest: testGuestOS({ init: spec.init ?? "systemd", mounts: spec.mounts ?? [] }),
    intent: { ...intent, nics, hypervisor: spec.hypervisor ?? "auto" },
  };
}

/** Contents are in out/; an initramfs is proven elsewhere. */
function summary({ step, why, path, before, after }: Change): Readonly<Record<string, string>> {
  return { step, why, path, before: stateText(before), after: stateText(after) };
}

const stateText = (state: FileState): string =>
  state.kind === "absent" ? "absent" : `${state.kind} ${state.mode.toString(8)} ${state.uid}:${state.gid}`;

async function changedFiles(
  changes: readonly Change[],
  { blobs }: FakeGuest,
): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const { path, after } of changes)
    if (after.kind === "bytes" && !/^\/boot\/(efi\/.*|[0-9a-f]{32}\/.*)?init(rd|ramfs)/.test(path))
      files[path] = Buffer.from(await blobs.get(after.sha256));
  return Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function readTree(directory: string): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[`/${relative(directory, path)}`] = await readFile(path);
  }
  return Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function writeTree(directory: string, files: Readonly<Record<string, MemoryFile>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(directory + path), { recursive: true });
    await writeFile(directory + path, content as Buffer);
  }
}

test("the goldens' trees are read as they are", async () => {
  assert.notEqual(Object.keys(await readTree(DIRECTORY)).length, 0);
  assert.equal(await memoryView({ "/a": "b" }).readText("/a"), "b");
});
