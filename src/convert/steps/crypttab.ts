// SPDX-License-Identifier: Apache-2.0
// crypttab: source devices by UUID, or by PARTUUID where the volume has no header of its own (swap with a random key).
import type { ConversionStep } from "../../core/index.ts";
import { Draft } from "../draft.ts";
import { mapLines } from "../lines.ts";
import { readVolumes, type Volumes } from "../volumes.ts";

export const crypttab: ConversionStep = {
  name: "crypttab",
  explains: "Names encrypted volumes in /etc/crypttab by UUID, where it named disks of the old machine",
  async propose(context) {
    const draft = new Draft("crypttab", context);
    const volumes = readVolumes(context.guest, context.intent);
    const unknown: string[] = [];
    await draft.edit("/etc/crypttab", {
      why: "Disks have other names in the VM; the UUID is the same everywhere",
      edit: (text) => renderCrypttab(text, volumes, unknown),
    });
    for (const spec of unknown.slice(0, 20))
      draft.problem({
        code: "crypttab-not-given",
        severity: "warns",
        text: `crypttab names ${spec}, and no volume of the given disks can be named by UUID in its place`,
        advice: "Give that disk too, or correct the line in the VM",
      });
    return draft.proposal();
  },
};

/** crypttab(5): name, source device, key file, options. */
const LINE = /^([ \t]*[^ \t#\r\n][^ \t\r\n]*[ \t]+)([^ \t\r\n]+)/;

export function renderCrypttab(text: string, volumes: Volumes, unknown: string[]): string {
  return mapLines(text, (line) => {
    const [, head = "", spec = ""] = LINE.exec(line) ?? [];
    if (spec === "") return line;
    const named = volumes.named(spec);
    if (named.kind === "stable") return line;
    const name = named.kind === "volume" ? stableName(named, volumes) : null;
    if (name === null) {
      unknown.push(spec);
      return line;
    }
    return `${head}${name}${line.slice(head.length + spec.length)}`;
  });
}

function stableName(
  { node, partition }: Extract<ReturnType<Volumes["named"]>, { kind: "volume" }>,
  volumes: Volumes,
): string | null {
  if (node.holds.kind === "luks") {
    const uuid = volumes.uuidOf(node);
    if (uuid !== null) return `UUID=${uuid}`;
  }
  const holds = partition?.holds;
  if (holds?.kind !== "partition" || holds.uuid === null || !/^[0-9A-Za-z-]{4,40}$/.test(holds.uuid))
    return null;
  return `PARTUUID=${holds.uuid}`;
}
