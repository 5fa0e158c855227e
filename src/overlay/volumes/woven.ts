// SPDX-License-Identifier: Apache-2.0
// An array that is woven over its members, as one device: by dm-striped, dm-mirror and dm-raid, which know nothing of
// superblocks, so that none is written. What is written goes to each copy, and parity follows.
import { type Weave, weaveBytes } from "../../core/index.ts";
import { createMapped, hasMapperTargets, type MapperTarget } from "../../system/index.ts";

/** RAID 5 in the order of the kernel's numbers of layouts. */
const RAID5_TYPES = ["raid5_la", "raid5_ra", "raid5_ls", "raid5_rs"];
const SECTOR = 512;

type Options = {
  readonly weave: Weave;
  /** Devices of the member nodes, in the weave's order; null: missing. */
  readonly devices: readonly (string | null)[];
  readonly mappedName: string;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
};

export async function openWoven(
  options: Options,
): Promise<(AsyncDisposable & { readonly path: string }) | { readonly unavailable: string }> {
  const { weave, devices, mappedName, readOnly, signal } = options;
  if (!(await hasMapperTargets(["raid", "striped", "mirror"])))
    return { unavailable: "this kernel has no device-mapper to join a RAID; the live CD has" };
  if (weave.level === "raid10" && weave.members.length % weave.layout !== 0)
    // dm-raid makes a RAID 10 only with metadata of its own.
    return { unavailable: `it is a RAID 10 of ${weave.members.length} members with ${weave.layout} copies` };
  await using scope = new AsyncDisposableStack();
  const make = async (name: string, target: MapperTarget): Promise<string> =>
    scope.use(await createMapped(`${mappedName}-${name}`, { targets: [target], readOnly, signal })).path;
  const data: (string | null)[] = [];
  for (const [index, member] of weave.members.entries()) {
    const device = devices[index] ?? null;
    const table = `linear ${device} ${(member?.start ?? 0) / SECTOR}`;
    const target = { sectors: weave.memberBytes / SECTOR, table };
    data.push(member === null || device === null ? null : await make(`member-${index}`, target));
  }
  const path =
    weave.level === "raid5"
      ? await make("raid", raid5Target(weave, data))
      : await make("stripes", stripesTarget(weave, await columnsOf(weave, data, make)));
  const owned = scope.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Members one by one; of RAID 10, what each set of copies shows. */
async function columnsOf(
  { level, layout, memberBytes }: Weave,
  members: readonly (string | null)[],
  make: (name: string, target: MapperTarget) => Promise<string>,
): Promise<readonly string[]> {
  const copies = level === "raid10" ? layout : 1;
  const columns: string[] = [];
  for (let first = 0; first < members.length; first += copies) {
    const here = members.slice(first, first + copies).filter((path) => path !== null);
    const [only, ...more] = here;
    if (only === undefined) throw new Error("An array that cannot be read is not opened");
    const target = { sectors: memberBytes / SECTOR, table: mirrorTable(here) };
    columns.push(more.length === 0 ? only : await make(`copies-${first}`, target));
  }
  return columns;
}

/** Without a log on disk, taken for in sync: linux, drivers/md/dm-raid1.c and dm-log.c. */
export const mirrorTable = (paths: readonly string[]): string =>
  `mirror core 2 1024 nosync ${paths.length} ${paths.map((path) => `${path} 0`).join(" ")}`;

/** Pure. linux, Documentation/admin-guide/device-mapper/striped.rst. */
function stripesTarget(weave: Weave, columns: readonly string[]): MapperTarget {
  const places = columns.map((path) => `${path} 0`).join(" ");
  const table = `striped ${columns.length} ${weave.chunkBytes / SECTOR} ${places}`;
  return { sectors: weaveBytes(weave) / SECTOR, table };
}

/** Pure. linux, Documentation/admin-guide/device-mapper/dm-raid.rst: no devices for metadata, taken for in sync. */
function raid5Target(weave: Weave, members: readonly (string | null)[]): MapperTarget {
  const { layout, chunkBytes } = weave;
  const places = members.map((path) => `- ${path ?? "-"}`).join(" ");
  const type = RAID5_TYPES[layout] ?? "raid5_ls";
  const table = `raid ${type} 2 ${chunkBytes / SECTOR} nosync ${members.length} ${places}`;
  return { sectors: weaveBytes(weave) / SECTOR, table };
}
