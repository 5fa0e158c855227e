// SPDX-License-Identifier: Apache-2.0
// crypttab: source devices by UUID, or by PARTUUID if the volume has no header (swap with a random key); devices with keys
// likewise, and keys that stay behind are reported. Volumes below the root are marked for the initramfs.
import {
  type CrypttabLine,
  findNode,
  losesContent,
  luksBelow,
  luksOf,
  makeProblem,
  mayBeOverwritten,
  named,
  parseCrypttab,
  type Problem,
} from "../../../core/index.ts";
import { step, type StepContext } from "../step.ts";
import { MAX_LINE, mapLines } from "../../text/lines.ts";
import { linkOf, readVolumes, type Volumes } from "../../names/volumes.ts";
import { type KeyPlace, placeOfHeader, placeOfKey } from "./crypttab-keys.ts";

export const crypttab = step(
  {
    name: "crypttab",
    explains: "Names encrypted volumes in /etc/crypttab by UUID instead of by disks of the old machine",
  },
  async (context) => {
    const { guest, intent, draft } = context;
    const volumes = readVolumes(guest, intent);
    for (const path of FILES) {
      let unknown: readonly string[] = [];
      await draft.edit(path, {
        why: "Disks have other names in the VM; the UUID is the same everywhere",
        edit(text) {
          const rendered = renderCrypttab(text, volumes);
          unknown = rendered.unknown;
          return rendered.text;
        },
      });
      for (const spec of unknown.slice(0, MAX_PROBLEMS))
        draft.problem(
          makeProblem("crypttab-not-given", {
            about: named("device", spec),
            text: `${nameOf(path)} names ${spec}, and no volume of the given disks can be named by UUID in its place`,
            advice: "Give that disk too, or correct the line in the VM",
          }),
        );
      const lines = parseCrypttab((await draft.read(path)) ?? "").filter(
        ({ options }) => !options.includes("noauto"),
      );
      for (const problem of lostSources(lines, path, volumes)) draft.problem(problem);
      for (const problem of await lostKeys(lines, context, volumes)) draft.problem(problem);
    }
    await markForInitramfs(context);
  },
);

/** The second is put into the initramfs as its crypttab by mkinitcpio's hook sd-encrypt. */
const FILES = ["/etc/crypttab", "/etc/crypttab.initramfs"];
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const MAX_PROBLEMS = 20;

/** crypttab(5): name, source device, key file, options. */
const LINE =
  /^([ \t]*[^ \t#\r\n][^ \t\r\n]*[ \t]+)([^ \t\r\n]+)(?:([ \t]+)([^ \t\r\n]+)(?:([ \t]+)([^ \t\r\n]+))?)?/;

type Rendered = { readonly text: string; readonly unknown: readonly string[] };

/** `unknown`: source devices that no volume of the given disks is, or that have no stable name. */
function renderCrypttab(text: string, volumes: Volumes): Rendered {
  const unknown: string[] = [];
  const rendered = mapLines(text, (line) => {
    const [whole = "", head = "", spec = "", gap = "", key = "", gap2 = "", options = ""] =
      LINE.exec(line) ?? [];
    const [entry] = spec === "" ? [] : parseCrypttab(line.slice(0, MAX_LINE));
    if (entry === undefined) return line;
    const name = sourceName(entry, volumes);
    if (name === null) unknown.push(spec);
    const header = options.replace(/(?<=(?:^|,)header=)[^,]+/, (value) =>
      keyName(value, placeOfHeader(entry), volumes),
    );
    const fields = [head, name ?? spec, gap, keyName(key, placeOfKey(entry), volumes), gap2, header];
    return `${fields.join("")}${line.slice(whole.length)}`;
  });
  return { text: rendered, unknown };
}

/** The source itself where it is stable; null: there is no stable name. */
function sourceName(entry: CrypttabLine, volumes: Volumes): string | null {
  const named = volumes.named(entry.source);
  if (named.kind === "stable") return entry.source;
  if (named.kind !== "volume") return null;
  // What is encrypted anew at each boot is lost at the first one: never what holds anything.
  return losesContent(entry) && !mayBeOverwritten(named.node) ? null : stableName(named, volumes);
}

function keyName(key: string, place: KeyPlace | null, volumes: Volumes): string {
  const named = place?.kind === "device" ? volumes.named(place.spec) : null;
  if (place?.kind !== "device" || named?.kind !== "volume") return key;
  const name = linkOf(named, volumes);
  return name === null ? key : `${key.slice(0, place.at)}${name}${key.slice(place.at + place.spec.length)}`;
}

/** Volumes that are named by UUID or label, and that are on none of the given disks: the boot waits for each. */
function lostSources(lines: readonly CrypttabLine[], path: string, volumes: Volumes): readonly Problem[] {
  const lost = lines.filter(
    ({ source, options }) =>
      !options.includes("nofail") &&
      volumes.named(source).kind === "stable" &&
      volumes.lacks({ kind: "device", spec: source }),
  );
  return lost.slice(0, MAX_PROBLEMS).map(({ name, source }) =>
    makeProblem("crypttab-not-given", {
      about: named("device", source),
      text: `${nameOf(path)} opens ${source} as ${name}, and none of the given disks holds it`,
      advice: "Give that disk too, or take the line out: the VM waits for it at boot",
    }),
  );
}

/** Keys and headers of volumes that are given, on devices that are not. */
async function lostKeys(
  lines: readonly CrypttabLine[],
  context: StepContext,
  volumes: Volumes,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const line of lines) {
    if (volumes.lacks({ kind: "device", spec: line.source })) continue;
    for (const [what, place] of [
      ["key", placeOfKey(line)],
      ["header", placeOfHeader(line)],
    ] as const) {
      const where = place === null ? null : await whyLost(place, context, volumes);
      if (where !== null && problems.length < MAX_PROBLEMS) problems.push(lostKey(line, what, where));
    }
  }
  return problems;
}

type Lost = { readonly device: string; readonly where: string };

/** null: it is there, or nobody can tell. */
async function whyLost(
  place: KeyPlace,
  { guest, view }: StepContext,
  volumes: Volumes,
): Promise<Lost | null> {
  if (place.kind === "device") {
    const named = volumes.named(place.spec);
    const isThere =
      named.kind === "stable"
        ? volumes.sees({ kind: "device", spec: place.spec })
        : named.kind === "volume" && linkOf(named, volumes) !== null;
    return isThere ? null : { device: place.spec, where: `on ${place.spec}` };
  }
  const [mount] = guest.mounts
    .filter(({ path }) => path !== "/" && place.path.startsWith(`${path}/`))
    .toSorted((a, b) => b.path.length - a.path.length);
  if (mount?.node === null)
    return { device: mount.spec, where: `in ${place.path}, which is on ${mount.spec}` };
  // A volume that is given may be closed to us.
  if (mount !== undefined || (await view.resolve(place.path)) !== null) return null;
  return { device: place.path, where: `in ${place.path}, which no given disk has` };
}

const lostKey = ({ name }: CrypttabLine, what: "key" | "header", { device, where }: Lost): Problem =>
  makeProblem("key-not-given", {
    about: named("device", `/dev/mapper/${name}`, device),
    text: `The ${what} of the encrypted volume ${name} lies ${where}, and the VM does not have that`,
    advice:
      what === "key"
        ? "Before: add a passphrase on the machine (cryptsetup luksAddKey DEVICE), and type it at the VM's console; or give that disk too"
        : "Give that disk too: without its header nothing opens the volume",
  });

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
