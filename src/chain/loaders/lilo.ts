// SPDX-License-Identifier: Apache-2.0
// LILO (lilo.conf(5)): its boot sector reads a map of sector numbers that its own program made from /etc/lilo.conf. A full copy
// keeps those sectors where they are; what the map holds is not read here, so that nothing of it is proven.
import type { DefaultEntry, LoaderFound, Waits } from "../entry.ts";
import { type Ground, notReadToEnd, readMenuText } from "../ground.ts";

const PATH = "/etc/lilo.conf";
const MAX_LINES = 20_000;
const title = "LILO";

/** null: there is no configuration of it. */
export async function readLilo({ view }: Ground): Promise<LoaderFound | null> {
  const text = await readMenuText(view, PATH);
  if (text === null) return null;
  const { options, images } = parseLilo(text);
  const wanted = options.get("default");
  const named = images.find((image) => wanted !== undefined && namesOf(image).includes(wanted));
  const image = named ?? images[0];
  if (image === undefined) return null;
  const get = (key: string): string | null => image.options.get(key) ?? options.get(key) ?? null;
  const name = namesOf(image)[0] ?? "";
  if (image.kind === "other")
    return {
      kind: "unknown",
      title,
      why: `its default entry "${name}" starts another loader, on ${image.path}`,
    };
  const initramfs = get("initrd");
  const entry: DefaultEntry = {
    title: name,
    kernel: await view.resolve(image.path),
    kernelWords: image.path,
    words: wordsOf(get, image),
    initramfs: initramfs === null ? [] : [{ named: initramfs, path: await view.resolve(initramfs) }],
    hypervisor: null,
    unified: false,
    bySectors: true,
  };
  return { kind: "entry", title, menu: PATH, entry, waits: whatItWaitsFor(get, options) ?? ON_MAP };
}

/** The least that is to be said of each. */
const ON_MAP: Waits = {
  why: "its map on the disk has sectors by number, which a full copy keeps; it names disks by BIOS number, and was made of /etc/lilo.conf on the old machine: what it holds was not read",
  advice:
    "If the VM stops at LILO or finds no root, start it from a rescue CD, name its disks in /etc/lilo.conf (root= by UUID where there is an initramfs), and run lilo there",
};

/** lilo.conf(5), "prompt" and "password": with `restricted` a password is for whoever adds words, with `bypass` for nobody. */
function whatItWaitsFor(
  get: (key: string) => string | null,
  options: ReadonlyMap<string, string>,
): Waits | null {
  const advice =
    "Be at the VM's console at each start; or correct /etc/lilo.conf on the machine, and run lilo there";
  if (get("password") !== null && get("restricted") === null && get("bypass") === null)
    return { why: `it asks for a password before it starts anything; ${ON_MAP.why}`, advice };
  return options.has("prompt") && !options.has("timeout")
    ? { why: `it has prompt and no timeout: it waits until somebody chooses; ${ON_MAP.why}`, advice }
    : null;
}

/** `literal` takes the place of all others; `root` is the kernel's root, `append` goes behind it. */
function wordsOf(get: (key: string) => string | null, { options }: Image): string {
  const root = get("root");
  const given = [
    ...(root === null || root === "current" ? [] : [`root=${root}`]),
    ...(get("read-only") === null ? [] : ["ro"]),
    options.get("append") ?? get("append") ?? "",
    get("addappend") ?? "",
  ];
  return get("literal") ?? given.filter((word) => word !== "").join(" ");
}

type Image = {
  readonly kind: "image" | "other";
  readonly path: string;
  readonly options: Map<string, string>;
};

const namesOf = ({ path, options }: Image): readonly string[] => [
  options.get("label") ?? path.slice(path.lastIndexOf("/") + 1),
  ...(options.has("alias") ? [options.get("alias") ?? ""] : []),
];

/** Pure. `key`, `key = value` or `key = "value"`; what stands before the first image counts for all. */
function parseLilo(text: string): {
  readonly options: ReadonlyMap<string, string>;
  readonly images: readonly Image[];
} {
  const options = new Map<string, string>();
  const images: Image[] = [];
  const lines = text.split("\n", MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw notReadToEnd(PATH, `more than ${MAX_LINES} lines`);
  for (const line of lines) {
    const [, name = "", quoted, plain = ""] =
      /^[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=[ \t]*(?:"([^"]*)"|([^#\r]*)))?/.exec(line.slice(0, 4096)) ??
      [];
    if (name === "") continue;
    const key = name.toLowerCase();
    const value = quoted ?? plain.trim();
    if (key === "image" || key === "other") images.push({ kind: key, path: value, options: new Map() });
    else (images.at(-1)?.options ?? options).set(key, value);
  }
  return { options, images };
}
