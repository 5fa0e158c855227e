// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso attach: the current program, extras and answers onto a finished image, without root and in seconds.
import { copyFile, constants, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { formatBytes, UserError } from "../core/index.ts";
import { run } from "../system/index.ts";
import { fillRoom, findRoom, HEADER_BYTES, type Room } from "./attached.ts";
import { readEpoch } from "./build.ts";
import { type Given, makeProgram, readInterface } from "./program.ts";

export type IsoAttachOptions = Given & {
  readonly iso: string;
  readonly out: string;
  /** Of this program. */
  readonly version: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

export type AttachedIso = {
  readonly path: string;
  readonly version: string;
  readonly attachedBytes: number;
  readonly roomBytes: number;
};

export async function attachToIso(options: IsoAttachOptions): Promise<AttachedIso> {
  const { iso, version, say, signal } = options;
  const out = resolve(options.out);
  const room = await findRoom(iso, signal);
  await refuseUnfit(iso, room);
  const scratch = await mkdtemp(join(dirname(out), ".p2v-iso-"));
  try {
    say("Packing the program");
    const kept = await takeAttached(iso, { room, scratch, given: options, say, signal });
    const squashfs = join(scratch, "attached.squashfs");
    await makeProgram({
      given: { ...options, ...kept },
      path: squashfs,
      scratch,
      epoch: readEpoch(process.env["SOURCE_DATE_EPOCH"]),
      version,
      withNode: room.header.node !== process.version,
      signal,
    });
    const { size } = await stat(squashfs);
    const roomBytes = room.sizeBytes - HEADER_BYTES;
    if (size > roomBytes)
      throw new UserError(
        "iso-room-too-small",
        `What is to be attached takes ${formatBytes(size)}; ${iso} has room for ${formatBytes(roomBytes)}`,
        { advice: "Attach fewer extras, or build the image with --room of that size" },
      );
    say(`Copying ${iso}`);
    const image = join(scratch, "image.iso");
    await copyFile(iso, image, constants.COPYFILE_FICLONE);
    signal.throwIfAborted();
    await fillRoom(image, room, { squashfs, version });
    await rename(image, out);
    say(`${out}: version ${version} attached, ${formatBytes(size)} of ${formatBytes(roomBytes)}`);
    return { path: out, version, attachedBytes: size, roomBytes };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function refuseUnfit(iso: string, { header }: Room): Promise<void> {
  const ours = await readInterface();
  if (header.interface === ours) return;
  throw new UserError(
    "iso-other-interface",
    `${iso} holds a live system of kind ${header.interface}; this program is made for kind ${ours}`,
    { advice: "Build the image anew with virt-p2v iso build" },
  );
}

/** Extras and answers of an earlier attach stay, where no others are given. */
async function takeAttached(
  iso: string,
  options: { room: Room; scratch: string; given: Given; say: (text: string) => void; signal: AbortSignal },
): Promise<Partial<Given>> {
  const { room, scratch, given, say, signal } = options;
  const { length, version } = room.header;
  if (length === 0) return {};
  say(`In place of version ${version}, which was attached before`);
  const tree = join(scratch, "before");
  const names = { extras: "usr/lib/virt-p2v/extras", answers: "etc/virt-p2v/answers.yaml" } as const;
  const argv = ["unsquashfs", "-quiet", "-no-progress", "-no-xattrs", "-offset"];
  argv.push(`${room.offset + HEADER_BYTES}`, "-dest", tree, iso, ...Object.values(names));
  await run(argv, { signal, timeoutMs: 10 * 60_000, allowCodes: [1, 2] });
  const kept: { extras?: string; answers?: string } = {};
  for (const name of ["extras", "answers"] as const) {
    const path = join(tree, names[name]);
    if (given[name] !== null || (await stat(path).catch(() => null)) === null) continue;
    kept[name] = path;
    say(`Its ${name} are kept`);
  }
  return kept;
}
