// SPDX-License-Identifier: Apache-2.0
// crypttab: source devices by UUID, or by PARTUUID if the volume has no header (swap with a random key). Volumes below the
// root are marked for the initramfs.
import {
  findNode,
  losesContent,
  luksBelow,
  luksOf,
  makeProblem,
  mayBeOverwritten,
  named,
  parseCrypttab,
} from "../../../core/index.ts";
import { step, type StepContext } from "../step.ts";
import { MAX_LINE, mapLines } from "../../text/lines.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";

export const crypttab = step(
  {
    name: "crypttab",
    explains: "Names encrypted volumes in /etc/crypttab by UUID instead of by disks of the old machine",
  },
  async (context) => {
    const { guest, intent, draft } = context;
    const volumes = readVolumes(guest, intent);
    const unknown: string[] = [];
    await draft.edit("/etc/crypttab", {
      why: "Disks have other names in the VM; the UUID is the same everywhere",
      edit: (text) => renderCrypttab(text, volumes, unknown),
    });
    for (const spec of unknown.slice(0, 20))
      draft.problem(
        makeProblem("crypttab-not-given", {
          about: named("device", spec),
          text: `crypttab names ${spec}, and no volume of the given disks can be named by UUID in its place`,
          advice: "Give that disk too, or correct the line in the VM",
        }),
      );
    await markForInitramfs(context);
  },
);

/** crypttab(5): name, source device, key file, options. */
const LINE = /^([ \t]*[^ \t#\r\n][^ \t\r\n]*[ \t]+)([^ \t\r\n]+)/;

function renderCrypttab(text: string, volumes: Volumes, unknown: string[]): string {
  return mapLines(text, (line) => {
    const [, head = "", spec = ""] = LINE.exec(line) ?? [];
    if (spec === "") return line;
    const named = volumes.named(spec);
    if (named.kind === "stable") return line;
    const [entry] = parseCrypttab(line.slice(0, MAX_LINE));
    const mayWrite = entry !== undefined && losesContent(entry);
    // What is encrypted anew at each boot is lost at the first one: never what holds anything.
    const name =
      named.kind === "volume" && (!mayWrite || mayBeOverwritten(named.node))
        ? stableName(named, volumes)
        : null;
    if (name === null) {
      unknown.push(spec);
      return line;
    }
    return `${head}${name}${line.slice(head.length + spec.length)}`;
  });
}

/** Of cryptsetup-initramfs. It looks at what the root is on; in our copy of the guest that is not dm-crypt. */
const HOOK = "/usr/share/initramfs-tools/hooks/cryptroot";

async function markForInitramfs({ view, guest, intent, draft }: StepContext): Promise<void> {
  if ((await view.resolve(HOOK)) === null) return;
  const graph = intent.storage;
  const usr = guest.mounts.flatMap(({ path, node }) => (path === "/usr" && node !== null ? [node] : []));
  const needed = new Set([guest.root, ...usr].flatMap((node) => luksBelow(graph, node)));
  if (needed.size === 0) return;
  const names = new Set<string>();
  for (const line of parseCrypttab((await draft.read("/etc/crypttab")) ?? "")) {
    const luks = luksOf(graph, line, guest.names);
    if (luks !== null && needed.delete(luks)) names.add(line.name);
  }
  await draft.edit("/etc/crypttab", {
    why: "The initramfs is built where its tool cannot see that the root is on this volume",
    edit: (text) => withInitramfs(text, names),
  });
  for (const id of needed) {
    const holds = findNode(graph, id)?.holds;
    draft.problem(
      makeProblem("crypttab-no-root", {
        about: holds?.kind === "luks" ? named("luks", holds.uuid) : named("node", id),
        text: `The root lies in the LUKS volume ${holds?.kind === "luks" ? holds.uuid : id}, and /etc/crypttab does not name it`,
        advice: "Put it there by its UUID, with the option initramfs; else the VM may not find its root",
      }),
    );
  }
}

const FIELDS = /^[ \t]*[^ \t\r\n]+(?:[ \t]+[^ \t\r\n]+){1,3}/;

/** crypttab(5) of Debian: the option `initramfs` opens a volume there, whatever the root is on. */
export function withInitramfs(text: string, names: ReadonlySet<string>): string {
  return mapLines(text, (line) => {
    const [named] = parseCrypttab(line.slice(0, MAX_LINE));
    if (named === undefined || !names.has(named.name)) return line;
    if (named.options.some((option) => /^initramfs(=yes)?$/.test(option))) return line;
    const [fields = ""] = FIELDS.exec(line) ?? [];
    const missing = { 2: " none luks", 3: " luks" }[fields.trim().split(/[ \t]+/).length] ?? "";
    return `${fields}${missing},initramfs${line.slice(fields.length)}`;
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
