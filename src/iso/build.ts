// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso build: base (kept), program, medium.
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { formatBytes, UserError } from "../core/index.ts";
import { HEADER_BYTES } from "./attached.ts";
import { buildBase, readNoFirmware } from "./base.ts";
import { cached } from "./cache.ts";
import { makeMedium } from "./medium.ts";
import { type Given, makeProgram } from "./program.ts";
import { checkPackageNames, checkSuite, readRecipe } from "./recipe.ts";

export type IsoBuildOptions = Given & {
  readonly out: string;
  readonly packages: readonly string[];
  readonly suite: string;
  /** Room for what iso attach puts there. */
  readonly roomBytes: number;
  /** Of this program. */
  readonly version: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

export type BuiltIso = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly noFirmware: readonly string[];
};

/** For a program, extras of some drivers, and answers. */
export const DEFAULT_ROOM_BYTES = 64 * 2 ** 20;

const MIRROR = "http://deb.debian.org/debian";
/** All dates on the medium, unless SOURCE_DATE_EPOCH says otherwise: 1 January 2026. */
const EPOCH = 1_767_225_600;

export async function buildIso(options: IsoBuildOptions): Promise<BuiltIso> {
  const { say, signal } = options;
  const epoch = readEpoch(process.env["SOURCE_DATE_EPOCH"]);
  const recipe = await readRecipe({
    suite: checkSuite(options.suite),
    mirror: process.env["P2V_MIRROR"] ?? MIRROR,
    epoch,
    more: checkPackageNames(options.packages).toSorted(),
  });
  await refuseHere();
  const base = await cached({
    name: `live-${recipe.suite}`,
    recipe,
    build: (path) => buildBase(recipe, path, { signal, say }),
    say,
    signal,
  });
  const out = resolve(options.out);
  await mkdir(dirname(out), { recursive: true });
  // Beside the result, so that the last step is a rename.
  const scratch = await mkdtemp(join(dirname(out), ".p2v-iso-"));
  try {
    say("Packing the program");
    const program = join(scratch, "program.squashfs");
    const { version } = options;
    await makeProgram({ given: options, path: program, scratch, epoch, version, withNode: true, signal });
    say("Writing the image");
    const image = join(scratch, "image.iso");
    const roomBytes = HEADER_BYTES + 4096 * Math.ceil(options.roomBytes / 4096);
    await makeMedium({ base, program, version, roomBytes, out: image, scratch, epoch, signal });
    await rename(image, out);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const { size } = await stat(out);
  const noFirmware = await readNoFirmware(base);
  for (const line of noFirmware) say(`No firmware on the image, so this will not work: ${line}`);
  say(`${out}: ${formatBytes(size)}`);
  return { path: out, sizeBytes: size, noFirmware };
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
export function readEpoch(text: string | undefined): number {
  if (text === undefined || text === "") return EPOCH;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UserError("epoch-wrong", `SOURCE_DATE_EPOCH "${text}" is not a number of seconds`, {
    advice: "Unset it, or give seconds since 1970",
  });
}

async function refuseHere(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new UserError("not-root", "Building a live system needs root", {
      advice: "Run it with sudo",
    });
  if ((await stat("/etc/debian_version").catch(() => null)) === null)
    throw new UserError("not-debian", "This is not Debian, so no Debian live system can be built here", {
      advice: "Build the image on Debian 12 or newer, or take a finished one",
    });
}
