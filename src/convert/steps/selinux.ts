// SPDX-License-Identifier: Apache-2.0
// SELinux: existing files keep their label (it is copied with them); a new file gets its directory's, as the kernel itself
// would do. If the directory has none, the guest is told to label everything once.
import { type Change, guestFiles, type GuestView, makeProblem } from "../../core/index.ts";
import { isNewDirectory, SELINUX_LABEL } from "../../system/index.ts";
import type { Draft } from "./draft.ts";
import { step, type StepContext } from "./step.ts";

const CONFIG = "/etc/selinux/config";
/** Fedora's and Debian's units look for it at boot, label all files, and reboot. */
const RELABEL = "/.autorelabel";
/** These store no labels: the kernel gives all their files the same. */
const WITHOUT_LABELS: ReadonlySet<string> = new Set(["vfat", "msdos"]);

export const selinux = step(
  {
    name: "selinux",
    explains:
      "Gives new files the SELinux label of their directory; where it has none, the VM relabels all files once",
  },
  async (context) => {
    const { view, changes, draft } = context;
    // A root without a label was never labelled: SELinux is off, or the guest labels everything by itself.
    if (!isInUse((await draft.read(CONFIG)) ?? "") || (await labelAbove("/", view)) === null) return;
    const unlabelled: string[] = [];
    for (const { path, before, after } of changes) {
      if (before.kind !== "absent" || after.kind === "absent" || !keepsLabels(path, context)) continue;
      if (after.xattrs[SELINUX_LABEL] !== undefined) continue;
      const label = await labelAbove(path, view);
      if (label === null) unlabelled.push(path);
      else draft.add({ why: WHY, path, before: after, after: labelled(after, label) });
    }
    if (unlabelled.length > 0) await relabel(unlabelled, draft);
  },
);

const WHY = "SELinux denies access to files without a label";

const labelled = <State extends Exclude<Change["after"], { kind: "absent" }>>(
  state: State,
  label: string,
): State => ({
  ...state,
  xattrs: { ...state.xattrs, [SELINUX_LABEL]: label },
});

async function relabel(paths: readonly string[], draft: Draft): Promise<void> {
  const names = paths.slice(0, 3).join(", ");
  await draft.write(RELABEL, { why: `${WHY}: ${names}`, text: "" });
  draft.problem(
    makeProblem("selinux-relabel", {
      about: guestFiles(...paths),
      text: `SELinux has no label for ${names}: at its first boot the VM labels all files, and starts once more`,
      advice: "Let it finish; it takes minutes",
    }),
  );
}

/** `SELINUX=enforcing` or `permissive`, the last one counts; without it SELinux is off (selinux(8)). Pure. */
export function isInUse(text: string): boolean {
  let mode = "disabled";
  for (const line of text.split("\n")) mode = /^\s*SELINUX\s*=\s*(\w+)\s*$/i.exec(line)?.[1] ?? mode;
  return /^(?:enforcing|permissive)$/i.test(mode);
}

/** Of the nearest existing directory: those made for a new file take their parent's too. */
async function labelAbove(path: string, view: GuestView): Promise<string | null> {
  for (let end = path.lastIndexOf("/"); end >= 0; end = path.lastIndexOf("/", end - 1)) {
    const parent = path.slice(0, end) || "/";
    const state = await view.state(parent);
    if (state.kind === "directory" && !isNewDirectory(state)) return state.xattrs[SELINUX_LABEL] ?? null;
    if (end === 0) break;
  }
  return null;
}

/** By the mount that holds `path`: the longest of their paths. */
function keepsLabels(path: string, { guest }: StepContext): boolean {
  const holding = guest.mounts
    .filter((mount) => path.startsWith(mount.path === "/" ? "/" : `${mount.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  return holding === undefined || !WITHOUT_LABELS.has(holding.type);
}
