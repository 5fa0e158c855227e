// SPDX-License-Identifier: Apache-2.0
// Block devices of the host that shall take disks: looked at before anything is done.
import { stat } from "node:fs/promises";
import { type Host, makeProblem, type Problem, type SourceDisk, UserError } from "../../core/index.ts";
import { imageFile } from "../../plan/index.ts";
import { deviceNumber } from "../../system/index.ts";
import { diskFiles } from "../../wire/index.ts";
import { devicesUnder, LOOK, problemsOf } from "./volume-look.ts";

type Wanted = {
  readonly volumes: readonly string[];
  readonly disks: readonly SourceDisk[];
  readonly name: string;
  /** The VM's, on the host; what it holds may be brought up to date, or be gone on with. */
  readonly directory: string;
  readonly goesOn: "update" | "resume" | null;
  /** What is on them may be lost. */
  readonly replace: boolean;
  /** The host is this machine, so a volume may lie on a source. */
  readonly isHere: boolean;
  readonly signal: AbortSignal;
};

/** What stands in the way of writing onto these volumes; and, always, that what is on them is lost. */
export async function checkVolumes(host: Host, wanted: Wanted): Promise<readonly Problem[]> {
  const { volumes, disks, isHere } = wanted;
  const places = await placesOf(host, wanted);
  const moved = disks.flatMap((disk, index) => movedProblems(disk, places[index] ?? null, wanted, index));
  if (volumes.length === 0) return moved;
  const lines = await look(host, wanted);
  const sources = isHere ? await numbersOf(disks) : [];
  const seen = new Set<string>();
  const found = volumes.flatMap((path, index) => {
    const line = lines[index] ?? "";
    const disk = disks[index];
    const ours = wanted.replace || (wanted.goesOn !== null && places[index] === path);
    const sizeBytes = disk?.sizeBytes ?? 0;
    const problems = problemsOf(line, { path, title: host.title, sizeBytes, ours, sources, seen });
    seen.add(devicesUnder(line)[0] ?? "");
    return problems;
  });
  return [...moved, ...found];
}

async function look(host: Host, { volumes, signal }: Wanted): Promise<readonly string[]> {
  const argv = ["sh", "-c", LOOK, "sh", ...volumes];
  const { stdout, code } = await host.run(argv, { timeoutMs: 60_000, signal });
  const lines = stdout.trimEnd().split("\n");
  if (code === 0 && lines.length === volumes.length) return lines;
  throw new UserError("host-no-answer", `${host.title} does not tell what its volumes are`, {
    advice: "Log in there by hand and look whether stat, blkid and head work",
  });
}

/** By disk: the volume that an earlier run gave it (a link stands for its image), or null. */
async function placesOf(
  host: Host,
  { disks, name, directory, goesOn, signal }: Wanted,
): Promise<readonly (string | null)[]> {
  const there = goesOn === null ? [] : await host.list(directory);
  const places: (string | null)[] = [];
  for (const { number } of disks) {
    const { image, partialImage } = diskFiles(imageFile(name, number, "raw"));
    const file = [image, partialImage].find((one) => there.includes(one));
    const argv = ["readlink", `${directory}/${file}`];
    const { stdout } =
      file === undefined ? { stdout: "" } : await host.run(argv, { timeoutMs: 60_000, signal });
    places.push(stdout.trim() === "" ? null : stdout.trim());
  }
  return places;
}

/** A disk stays where it is while it is brought up to date; else the VM would lose what it has. */
function movedProblems(
  { number }: SourceDisk,
  place: string | null,
  { volumes, goesOn, directory }: Wanted,
  index: number,
): readonly Problem[] {
  const volume = volumes[index];
  if (goesOn === null || place === (volume ?? null) || (goesOn === "resume" && volume !== undefined))
    return [];
  const text = `Disk ${number} of the VM in ${directory} lies ${place === null ? "in an image file" : `on ${place}`}`;
  const advice =
    place === null
      ? "Leave --volume out for this disk, choose another --name, or replace the VM with --replace"
      : `Give --volume ${place} for this disk, or choose another --name`;
  return [
    makeProblem("destination-exists", {
      about: [{ kind: "file", of: "host", path: directory }],
      text,
      advice,
    }),
  ];
}

async function numbersOf(disks: readonly SourceDisk[]): Promise<readonly string[]> {
  const devices = disks.filter(({ kind }) => kind === "device");
  return await Promise.all(devices.map(async ({ path }) => deviceNumber((await stat(path)).rdev)));
}
