// SPDX-License-Identifier: Apache-2.0
// Answers, checked against what was found, become the Intent.
import {
  type GuestOS,
  type Intent,
  isVmName,
  type LeftOutDisk,
  type Machine,
  type Problem,
  type ProofLevel,
  type SourceDisk,
  UserError,
} from "../core/index.ts";
import type { Answers } from "./answers.ts";
import { chooseBootEntries } from "./boot-entries.ts";
import { chooseFirmware } from "./firmware.ts";
import { checkLayers } from "./network/layers.ts";
import { chooseNics } from "./network/nics.ts";

const DEFAULT_MEMORY_BYTES = 2 * 2 ** 30;
const DEFAULT_VCPUS = 2;

export type Found = {
  readonly machine: Machine;
  /** Is `machine` the one whose disks these are? Not so for disk images. */
  readonly machineIsSource: boolean;
  /** Does the installed system itself run on it (a survey)? Absent: no. */
  readonly guestRuns?: boolean;
  readonly disks: readonly SourceDisk[];
  readonly leftOut?: readonly LeftOutDisk[];
  readonly storage: Machine["storage"];
  readonly guest: GuestOS | null;
};

/** UserError (usage) where an answer is missing or wrong; problems where the run could go on. */
export function makeIntent(answers: Answers, found: Found): { intent: Intent; problems: readonly Problem[] } {
  const name = answers.name ?? found.guest?.hostname?.split(".")[0] ?? null;
  if (name === null || !isVmName(name))
    throw new UserError(
      "name-wrong",
      name === null ? "The VM has no name" : `"${name}" is not a name for a VM`,
      {
        advice: "Give one with --name: letters, digits, dot, dash and underscore, at most 63",
      },
    );
  const own = found.machineIsSource ? found.machine : null;
  const { nics, problems } = chooseNics({
    machineNics: own?.nics ?? [],
    guest: found.guest,
    given: answers.nics,
    own: found.guestRuns ?? false,
    seed: found.guest?.root === undefined ? name : `${name}/${rootUuid(found)}`,
  });
  const threads =
    own?.cpu.kind === "known" && own.cpu.value.threads.kind === "known" ? own.cpu.value.threads.value : null;
  const memoryBytes = own?.memoryBytes.kind === "known" ? own.memoryBytes.value : null;
  const was = own?.firmware ?? { kind: "unknown" as const, why: "disk images bring no machine" };
  const firmware = answers.firmware ?? chooseFirmware(was, found.storage);
  const bootEntries = firmware.kind === "uefi" ? chooseBootEntries(was, found.storage) : [];
  return {
    problems: [...problems, ...checkLayers(found.guest)],
    intent: {
      name,
      disks: found.disks,
      ...(found.leftOut === undefined || found.leftOut.length === 0 ? {} : { leftOut: found.leftOut }),
      storage: found.storage,
      destination: answers.destination,
      hypervisor: answers.hypervisor,
      format: answers.format,
      volumes: chooseVolumes(answers, found.disks),
      memoryBytes: answers.memoryBytes ?? memoryBytes ?? DEFAULT_MEMORY_BYTES,
      vcpus: answers.vcpus ?? threads ?? DEFAULT_VCPUS,
      nics,
      firmware,
      ...(bootEntries.length === 0 ? {} : { bootEntries }),
      clock: own?.clock.kind === "known" ? own.clock.value : "utc",
      proof: chooseProof(answers, found.disks),
      bootCheck: answers.bootCheck,
      replace: answers.replace,
      update: answers.update,
      asIs: answers.asIs,
      skipSteps: answers.skipSteps,
      withSteps: answers.withSteps ?? [],
    },
  };
}

function chooseVolumes({ volumes, format }: Answers, disks: readonly SourceDisk[]): readonly string[] {
  if (volumes.length === 0) return [];
  const wrong = (text: string, advice: string): UserError => new UserError("volume-wrong", text, { advice });
  if (volumes.length > disks.length)
    throw wrong(
      `${volumes.length} volumes for ${disks.length} disks`,
      "Give at most one --volume for each disk",
    );
  if (new Set(volumes).size < volumes.length)
    throw wrong("One volume is given twice", "Give each disk a volume of its own");
  if (format !== "raw")
    throw wrong("A volume holds a disk as it is, not as qcow2", "Leave --format out, or --volume");
  return volumes;
}

/** Block devices have counters that tell of every write; an image file has none, so its used ranges are read again. */
export function chooseProof({ proof }: Pick<Answers, "proof">, disks: readonly SourceDisk[]): ProofLevel {
  return proof ?? (disks.every((disk) => disk.kind === "device") ? "counters" : "used");
}

/** The UUID of the guest's root file system; "" where there is no guest. */
export function rootUuid(found: Pick<Found, "guest" | "storage">): string {
  const holds = found.storage.nodes.find((node) => node.id === found.guest?.root)?.holds;
  return holds?.kind === "filesystem" ? holds.uuid : "";
}
