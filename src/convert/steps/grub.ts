// SPDX-License-Identifier: Apache-2.0
// GRUB 2: `root=` and `resume=` in its menu and in what the menu is made from. Edited in place: grub-mkconfig would
// look at this machine (review of other tools: it broke guests of another firmware mode).
import type { ConversionStep, GuestView } from "../../core/index.ts";
import { Draft } from "../draft.ts";
import { editLinuxLines } from "../grub-cfg.ts";
import { editWords } from "../kernel-words.ts";
import { commentOut, mapLines } from "../lines.ts";
import { editAssignments } from "../shell-file.ts";
import { isHardwareName, readVolumes, type Volumes } from "../volumes.ts";
import { resumeDevice } from "./resume.ts";

export const GRUB_MENUS = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"] as const;
const OWN_ENTRIES = ["/boot/grub/custom.cfg", "/etc/grub.d/40_custom", "/etc/grub.d/41_custom"] as const;
const WHY =
  "The kernel would look for its root, or the swap to resume from, under a name that the VM's disks lack";

export const grub: ConversionStep = {
  name: "grub",
  explains: "Names root= and resume= by UUID in GRUB's menu and in /etc/default/grub",
  async propose(context) {
    const draft = new Draft("grub", context);
    const volumes = readVolumes(context.guest, context.intent);
    const lost = new Set<string>();
    for (const path of [...GRUB_MENUS, ...OWN_ENTRIES])
      await draft.edit(path, {
        why: WHY,
        severity: path.endsWith("/grub.cfg") ? "stops" : "warns",
        edit: (text) =>
          editLinuxLines(text, ({ line, hasInitramfs }) =>
            editDevices(line, { volumes, hasInitramfs, lost }),
          ),
      });
    for (const path of await defaultFiles(context.view))
      await draft.edit(path, {
        why: `${WHY}; so it stays when update-grub writes the menu again`,
        edit: (text) => renderDefaults(text, volumes, lost),
      });
    for (const name of [...lost].toSorted().slice(0, 20))
      draft.problem({
        code: "root-not-given",
        severity: "warns",
        text: `GRUB's configuration names root=${name}, and none of the given disks holds it`,
        advice:
          "If this is the entry that boots by default, the VM will not find its root; give that disk too",
      });
    return draft.proposal();
  },
};

/** /etc/default/grub and what Debian reads after it. */
export async function defaultFiles(view: GuestView): Promise<readonly string[]> {
  const names = await view.list("/etc/default/grub.d");
  return [
    "/etc/default/grub",
    ...names.filter((name) => name.endsWith(".cfg")).map((n) => `/etc/default/grub.d/${n}`),
  ];
}

type Devices = { readonly volumes: Volumes; readonly hasInitramfs: boolean; readonly lost: Set<string> };

function editDevices(words: string, { volumes, hasInitramfs, lost }: Devices): string {
  return editWords(words, ["root", "resume"], (key, value) => {
    const same = `${key}=${value}`;
    if (key === "resume") {
      const device = resumeDevice(value, volumes);
      return device === null ? same : device === "none" ? null : `resume=${device}`;
    }
    const name = stableRoot(value, volumes, hasInitramfs);
    if (name === null) lost.add(value);
    return name === null ? same : `root=${name}`;
  });
}

/** A kernel without initramfs finds its root by PARTUUID only (kernel: Documentation/admin-guide/kernel-parameters). */
function stableRoot(value: string, volumes: Volumes, hasInitramfs: boolean): string | null {
  const uuid = /^UUID=([0-9A-Za-z-]+)$/.exec(value)?.[1];
  if (uuid !== undefined) return volumes.hasUuid(uuid) ? value : null;
  const named = volumes.named(value);
  if (named.kind === "stable") return value;
  if (named.kind === "absent") return null;
  if (!hasInitramfs) {
    const holds = named.partition?.holds;
    const id = holds?.kind === "partition" ? holds.uuid : null;
    return id !== null && id !== undefined && /^[0-9A-Za-z-]{4,40}$/.test(id) ? `PARTUUID=${id}` : null;
  }
  const found = volumes.uuidOf(named.node);
  return found === null ? null : `UUID=${found}`;
}

function renderDefaults(text: string, volumes: Volumes, lost: Set<string>): string {
  const edited = editAssignments(text, (name, value) => {
    if (/^GRUB_CMDLINE_(LINUX|XEN)/.test(name))
      return editDevices(value, { volumes, hasInitramfs: true, lost });
    if (!/^GRUB_DEVICE(_BOOT)?$/.test(name) || !isHardwareName(value)) return null;
    const named = volumes.named(value);
    const uuid = named.kind === "volume" ? volumes.uuidOf(named.node) : null;
    return uuid === null ? null : `/dev/disk/by-uuid/${uuid}`;
  });
  return mapLines(edited, (line) =>
    /^[ \t]*(?:export[ \t]+)?GRUB_DISABLE_LINUX_UUID=["']?true["']?/.test(line)
      ? commentOut(line, "with it, update-grub would name disks by their order again")
      : line,
  );
}
