// SPDX-License-Identifier: Apache-2.0
// SYSLINUX and EXTLINUX (their wiki, "Config"): the default label. Paths begin at the directory of the configuration.
import type { LoaderFound } from "../entry.ts";
import { firstThere, type Ground, notReadToEnd, readMenuText } from "../ground.ts";
import { pathsIn, placeOf } from "../places.ts";

const MENUS = [
  "/boot/extlinux/extlinux.conf",
  "/boot/extlinux.conf",
  "/boot/syslinux/syslinux.cfg",
  "/boot/syslinux/extlinux.conf",
  "/extlinux.conf",
];
const MAX_FILES = 32;
const MAX_LINES = 20_000;

export async function readSyslinux(ground: Ground): Promise<LoaderFound | null> {
  for (const path of MENUS) {
    const text = await readMenuText(ground.view, path);
    if (text !== null) return await readMenu(await withIncludes(text, path, ground), path, ground);
  }
  return null;
}

const title = "EXTLINUX";

async function readMenu(text: string, path: string, ground: Ground): Promise<LoaderFound> {
  const { labels, chosen } = parseMenu(text, path);
  const label = labels.find(({ name }) => name === chosen) ?? labels[0];
  const advice = `Correct ${path} on the machine, and plan again`;
  if (label === undefined) return { kind: "broken", title, menu: path, why: `${path} has no label`, advice };
  if (label.kernel === null)
    return {
      kind: "broken",
      title,
      menu: path,
      why: `its default label "${label.name}" loads no kernel`,
      advice,
    };
  const directory = path.slice(0, path.lastIndexOf("/"));
  const place = placeOf(ground.guest, directory);
  const find = (file: string): Promise<string | null> =>
    firstThere(
      ground.view,
      file.startsWith("/") ? pathsIn(ground.guest, place.node, file) : [`${directory}/${file}`],
    );
  return {
    kind: "entry",
    title,
    menu: path,
    entry: {
      title: label.name,
      kernel: await find(label.kernel),
      kernelWords: label.kernel,
      words: label.append.replaceAll(/(?:^|[ \t])initrd=\S+/g, "").trim(),
      initramfs: await Promise.all(
        label.initramfs.map(async (named) => ({ named, path: await find(named) })),
      ),
      hypervisor: null,
      unified: false,
    },
  };
}

async function withIncludes(text: string, path: string, ground: Ground): Promise<string> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  const parts = [text];
  for (const [, name = ""] of text.matchAll(/^[ \t]*include[ \t]+(\S{1,200})/gim)) {
    if (parts.length > MAX_FILES) throw notReadToEnd(path, `more than ${MAX_FILES} files`);
    parts.push((await readMenuText(ground.view, name.startsWith("/") ? name : `${directory}/${name}`)) ?? "");
  }
  return parts.join("\n");
}

type Label = {
  readonly name: string;
  readonly kernel: string | null;
  readonly append: string;
  readonly initramfs: readonly string[];
};

/** Pure. `ONTIMEOUT` and a label's `MENU DEFAULT` decide where no one is at the console, then `DEFAULT`. */
function parseMenu(
  text: string,
  path: string,
): { readonly labels: readonly Label[]; readonly chosen: string } {
  const labels: Label[] = [];
  const chosen = { timeout: "", menu: "", plain: "" };
  const lines = text.split("\n", MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw notReadToEnd(path, `more than ${MAX_LINES} lines`);
  for (const raw of lines) {
    const [, word = "", rest = ""] = /^[ \t]*([A-Za-z]+)[ \t]*(.*?)[ \t\r]*$/.exec(raw) ?? [];
    const label = labels.at(-1);
    const set = (more: Partial<Label>): void => {
      if (label !== undefined) labels[labels.length - 1] = { ...label, ...more };
    };
    switch (word.toLowerCase()) {
      case "label":
        labels.push({ name: rest, kernel: null, append: "", initramfs: [] });
        break;
      case "default":
        chosen.plain = rest;
        break;
      case "ontimeout":
        chosen.timeout = rest;
        break;
      case "menu":
        if (/^default\b/i.test(rest)) chosen.menu = label?.name ?? "";
        break;
      case "kernel":
      case "linux":
        set({ kernel: rest });
        break;
      case "append": {
        const own = /(?:^|[ \t])initrd=(\S+)/.exec(rest)?.[1];
        set({ append: rest, ...(own === undefined ? {} : { initramfs: own.split(",") }) });
        break;
      }
      case "initrd":
        set({ initramfs: rest.split(",") });
        break;
      default:
    }
  }
  return { labels, chosen: chosen.timeout || chosen.menu || chosen.plain };
}
