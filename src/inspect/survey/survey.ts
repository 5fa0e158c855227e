// SPDX-License-Identifier: Apache-2.0
// The archive that the collector made on a running server, opened: a recorded machine and a view of its system's files.
import { type GuestView, type Machine, shown, UserError } from "../../core/index.ts";
import { type MemoryFile, memoryView, readBounded } from "../../system/index.ts";
import { readMachine } from "../machine/machine.ts";
import { sysrootOf } from "../machine/sysroot.ts";
import { sourceDisks } from "./disks.ts";
import { parseSpaces, type Space } from "./space.ts";
import { unpackSurvey } from "./unpack.ts";

/** What the collector gathers of the largest servers is a tenth of these. */
const MAX_PACKED = 64 * 2 ** 20;
const MAX_NOTES = 50;
/** The collector stops at half of it. */
const MAX_DEVICES = 4096;

export type Survey = {
  readonly machine: Machine;
  /** The root of the installed system, as far as it was collected. */
  readonly view: GuestView;
  readonly spaces: readonly Space[];
  /** What the collector could not read, in its words. */
  readonly notes: readonly string[];
  /** When it was made, as the machine's clock said; null: it does not say. */
  readonly date: string | null;
  /** Device nodes of its disks, without removable ones. */
  readonly disks: readonly string[];
  /** /proc/mounts and /etc/fstab. */
  readonly tables: { readonly mounts: string; readonly fstab: string };
};

/** UserError (usage) for a file that is no such archive, is damaged, or is beyond all bounds. */
export async function readSurvey(path: string, { signal }: { signal: AbortSignal }): Promise<Survey> {
  const packed = await readPacked(path);
  let view: GuestView;
  try {
    view = memoryView(await unpack(packed));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw wrong(path, `is not an archive of the collector, or a damaged one: ${error.message}`, error);
  }
  return await openSurvey(view, { path, signal });
}

async function readPacked(path: string): Promise<Uint8Array> {
  const bytes = await readBounded(path, { maxBytes: MAX_PACKED }).catch((error: unknown) => {
    if (error instanceof RangeError) throw wrong(path, "is too large for an archive of the collector", error);
    throw error;
  });
  if (bytes === null) throw wrong(path, "is not there, or cannot be read");
  return bytes;
}

function wrong(path: string, what: string, cause?: unknown): UserError {
  return new UserError("survey-wrong", `${path} ${what}`, {
    advice: "Make it anew on that machine: virt-p2v inspect --collector prints the script for it",
    cause,
  });
}

async function unpack(packed: Uint8Array): Promise<Readonly<Record<string, MemoryFile>>> {
  const files: Record<string, MemoryFile> = {};
  for (const entry of await unpackSurvey(packed))
    files[entry.path] =
      entry.kind === "file"
        ? entry.bytes
        : entry.kind === "link"
          ? { link: entry.target }
          : { directory: true };
  return files;
}

async function openSurvey(
  view: GuestView,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<Survey> {
  const sysroot = sysrootOf(view, { live: false });
  const read = async (file: string): Promise<string> => (await sysroot.text(file)) ?? "";
  const head = new Map(
    (await read("/p2v/collector")).split("\n", 20).map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, Math.max(0, at)), line.slice(at + 1)];
    }),
  );
  const format = head.get("format");
  if (format !== "1")
    throw wrong(
      path,
      format === undefined ? "is not an archive of the collector" : "is of another version of the collector",
    );
  if (((await sysroot.list("/sys/block")) ?? []).length > MAX_DEVICES)
    throw wrong(path, `names more than ${MAX_DEVICES} block devices`);
  const machine = await readMachine(sysroot, { signal });
  const date = head.get("date") ?? "";
  const removable = new Set<string>();
  for (const kname of (await sysroot.list("/sys/block")) ?? [])
    if ((await sysroot.text(`/sys/block/${kname}/removable`))?.trim() === "1")
      removable.add(`/dev/${kname.replaceAll("!", "/")}`);
  const disks = sourceDisks(machine.storage, removable);
  return {
    machine,
    view,
    spaces: parseSpaces(await read("/p2v/df"), await read("/p2v/df-inodes")),
    notes: (await read("/p2v/notes"))
      .split("\n", MAX_NOTES)
      .map((line) => shown(line.slice(0, 200)))
      .filter((line) => line !== ""),
    date: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) ? date : null,
    disks,
    tables: { mounts: await read("/proc/mounts"), fstab: await read("/etc/fstab") },
  };
}
