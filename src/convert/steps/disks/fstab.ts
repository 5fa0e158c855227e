// SPDX-License-Identifier: Apache-2.0
// fstab: names of this hardware become UUID=. Comments, order, spacing and lines we do not know stay, byte for byte.
import { type LeftOutDisk, type Mount, mountsIn, type Problem } from "../../../core/index.ts";
import { step } from "../step.ts";
import { commentOut, mapLines } from "../../text/lines.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";
import { fieldsOf, renderFstab } from "./fstab-text.ts";

export const fstab = step(
  {
    name: "fstab",
    explains: "Names file systems and swap in /etc/fstab by UUID instead of by disks of the old machine",
  },
  async ({ guest, intent, draft }) => {
    const volumes = readVolumes(guest, intent);
    let problems: readonly Problem[] = [];
    await draft.edit("/etc/fstab", {
      why: "It was on a disk that is not sent: the VM would wait for it at boot",
      edit: (text) => withoutLeftOut(text, intent.leftOut ?? [], volumes),
      severity: "stops",
    });
    await draft.edit("/etc/fstab", {
      why: "Disks have other names in the VM; the UUID is the same everywhere",
      edit(text) {
        const rendered = renderFstab(text, volumes);
        problems = rendered.problems;
        return rendered.text;
      },
      severity: "stops",
    });
    for (const problem of problems.slice(0, 20)) if (!isKnown(problem, guest.mounts)) draft.problem(problem);
  },
);

/** Inspection found nothing for this mount either, and reported it where it matters. */
const isKnown = (problem: Problem, mounts: readonly Mount[]): boolean =>
  problem.code === "fstab-not-given" &&
  mountsIn(problem).some(({ spec, path }) =>
    mounts.some((mount) => mount.node === null && mount.spec === spec && mount.path === path),
  );

/** Turns lines for volumes of disks that are not sent into comments. Pure. */
export function withoutLeftOut(text: string, leftOut: readonly LeftOutDisk[], volumes: Volumes): string {
  const lost = leftOut.flatMap((disk) => disk.volumes);
  if (lost.length === 0) return text;
  const isLost = (spec: string, type: string): boolean =>
    lost.some(
      ({ kind, uuid, label }) =>
        spec.toLowerCase() === `uuid=${uuid}`.toLowerCase() ||
        (label !== null && spec === `LABEL=${label}`) ||
        (kind === "swap" && type === "swap" && volumes.named(spec).kind === "absent"),
    );
  return mapLines(text, (line) => {
    const fields = fieldsOf(line);
    return fields !== null && isLost(fields.spec.replace(/^\/dev\/disk\/by-uuid\//, "UUID="), fields.type)
      ? commentOut(line, "on a disk that was left out, since its mirror is here")
      : line;
  });
}
