// SPDX-License-Identifier: Apache-2.0
// What initramfs-tools is configured with, besides the command line (initramfs.conf(5)): the swap to resume from, where the boot
// waits for one that is gone; a root, encrypted volumes of Debian 8 and before, a network card.
import { findNic, guestFiles, type IntendedNic, makeProblem, named } from "../../../core/index.ts";
import { nameCards } from "../../loaders/card-words.ts";
import { only } from "../../loaders/command-lines.ts";
import { type DeviceNames, nameDevices, resumeName } from "../../loaders/devices.ts";
import { editAssignments } from "../../text/shell-file.ts";
import { step, type StepContext } from "../step.ts";
import { commentOut, mapLines } from "../../text/lines.ts";
import { bootFromSan, deviceNames } from "./command-lines.ts";

const DIRECTORY = "/etc/initramfs-tools";
const MAX_PARTS = 200;

export const resume = step(
  {
    name: "resume",
    explains:
      "Names the swap to resume from by UUID in the configuration of initramfs-tools, or none if it is gone; a root and a network card there too",
  },
  async (context) => {
    const { intent, view, draft } = context;
    const names = deviceNames(context);
    const parts = (await view.list(`${DIRECTORY}/conf.d`)).slice(0, MAX_PARTS);
    for (const path of [
      `${DIRECTORY}/initramfs.conf`,
      ...parts.map((name) => `${DIRECTORY}/conf.d/${name}`),
    ]) {
      let lost: readonly string[] = [];
      await draft.edit(path, {
        why: "The initramfs would wait for a swap that the VM's disks do not have by that name",
        edit(text) {
          const rendered = renderConf(text, names, intent.nics);
          lost = rendered.lost;
          return rendered.text;
        },
      });
      if (lost.length > 0)
        draft.problem(
          makeProblem("word-not-given", {
            about: [...named("device", ...lost), ...guestFiles(path)],
            text: `${path} names ${lost.join(" and ")}, which the VM does not have`,
            advice: "Correct it there, in the VM or before: the initramfs may wait for it at boot",
          }),
        );
    }
    await withoutSan(context);
  },
);

/** Of Debian's open-iscsi (its README.Debian): the initramfs brings the network up, and logs in before it looks for the root. */
const SAN = "/etc/iscsi/iscsi.initramfs";

async function withoutSan({ draft }: StepContext): Promise<void> {
  const words: string[] = [];
  await draft.edit(SAN, {
    why: "The initramfs would log in to a SAN whose volume is a disk of the VM",
    edit: (text) =>
      mapLines(text, (line) => {
        const word = /^[ \t]*(ISCSI_[A-Z_]{1,40})=/.exec(line)?.[1];
        if (word === undefined) return line;
        words.push(word);
        return commentOut(line, "the VM has that volume as a disk");
      }),
  });
  if (words.length > 0) draft.problem(bootFromSan([...new Set(words)].slice(0, 20), [SAN]));
}

type Rendered = { readonly text: string; readonly lost: readonly string[] };

export function renderConf(text: string, names: DeviceNames, nics: readonly IntendedNic[]): Rendered {
  const lost: string[] = [];
  /** The value as a kernel's word is converted. */
  const asWord = (key: string, value: string): string => {
    const { text: word, lost: words } = nameDevices(only(`${key}=${value}`), names);
    lost.push(...words.map(({ device }) => device));
    return word.slice(key.length + 1);
  };
  const edited = editAssignments(text, (name, value) => {
    switch (name) {
      case "RESUME":
        return resumeName(value, { volumes: names.volumes, style: "UUID=" });
      case "ROOT":
        return value === "" ? null : asWord("root", value);
      case "CRYPTROOT":
      case "CRYPTOPTS":
        return asWord("cryptopts", value);
      case "IP": {
        const cards = nameCards(`ip=${value}`, nics);
        lost.push(...cards.lost);
        return cards.text.slice(3);
      }
      case "DEVICE": {
        const nic = value === "" ? null : findNic(nics, value);
        if (value !== "" && nic === null) lost.push(value);
        return nic?.name ?? null;
      }
      default:
        return null;
    }
  });
  return { text: edited, lost };
}
