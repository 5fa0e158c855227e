// SPDX-License-Identifier: Apache-2.0
// UEFI: the entries that the VM's variables will have, in their order; else the fallback loader of the UEFI specification (3.5.1.1).
import { findNode, guestFiles } from "../../core/index.ts";
import { efiArch, efiPath, listNames, readLoader } from "../../convert/index.ts";
import { efiProgram } from "./efi-program.ts";
import { assumed, broken, type Ground, proven } from "../ground.ts";
import { loaderOf, type Started } from "./started.ts";

const place = "firmware";

export async function readEfiStart(ground: Ground): Promise<Started> {
  const { vm } = ground;
  const esp = espPaths(ground);
  if (esp.length === 0) return unseen(ground);
  const arch = efiArch(vm.arch);
  if (arch === null)
    return {
      link: assumed(place, { text: "UEFI", why: `its loaders for ${vm.arch} are not known here` }),
      loader: null,
      menu: null,
    };
  for (const { active, file, label } of vm.bootEntries ?? []) {
    if (!active) continue;
    const names = file.split("\\").filter((name) => name !== "");
    const found = await firstLoader(ground, esp, names);
    if (found !== null)
      return await startedBy(ground, found, { text: `UEFI starts its entry "${label}"`, isFallback: false });
  }
  const fallback = ["EFI", "BOOT", `BOOT${arch.toUpperCase()}.EFI`];
  const found = await firstLoader(ground, esp, fallback);
  if (found !== null)
    return await startedBy(ground, found, {
      text: `UEFI starts the fallback loader ${fallback.join("/")}`,
      isFallback: true,
    });
  return nothing({
    text: "UEFI looks for a boot loader",
    why: `there is no ${fallback.join("/")} on the EFI system partition, and no boot entry whose file is there`,
    about: guestFiles(...esp),
  });
}

const nothing = (words: Pick<Parameters<typeof broken>[1], "text" | "why" | "about">): Started => ({
  link: broken(place, {
    ...words,
    advice:
      "Install the loader for removable media on the machine (grub-install --removable, or bootctl install), or copy it there",
  }),
  loader: null,
  menu: null,
});

function unseen({ guest }: Ground): Started {
  return {
    link: assumed(place, {
      text: "UEFI starts a loader",
      why: "the EFI system partition could not be looked into here",
    }),
    loader: loaderOf(guest.loader),
    menu: null,
    isGuess: true,
  };
}

function espPaths({ guest, intent }: Ground): readonly string[] {
  const found = guest.mounts.filter(({ path, node }) => {
    const holds = node === null ? undefined : findNode(intent.storage, node)?.holds;
    return path.startsWith("/") && holds?.kind === "filesystem" && holds.type === "vfat";
  });
  return [...new Set(found.map(({ path }) => path))];
}

type Loader = {
  readonly esp: string;
  readonly path: string;
  /** null: it is larger than a boot loader. */
  readonly bytes: Buffer | null;
};

async function firstLoader(
  { view }: Ground,
  esps: readonly string[],
  names: readonly string[],
): Promise<Loader | null> {
  for (const esp of esps) {
    const bytes = await readLoader(view, esp, names);
    const path = await efiPath(view, esp, names);
    const isThere = bytes === null ? await isLarge(view, path) : bytes.toString("latin1", 0, 2) === "MZ";
    if (isThere) return { esp, path, bytes };
  }
  return null;
}

async function isLarge(view: Ground["view"], path: string): Promise<boolean> {
  return await view.read(path, { maxBytes: 2 }).then(
    () => false,
    (error: unknown) => error instanceof RangeError,
  );
}

type Start = { readonly text: string; readonly isFallback: boolean };

async function startedBy(ground: Ground, loader: Loader, { text, isFallback }: Start): Promise<Started> {
  const { view } = ground;
  const directory = loader.path.slice(0, loader.path.lastIndexOf("/"));
  const program = loader.bytes === null ? null : efiProgram(loader.bytes);
  const about = guestFiles(loader.path);
  if (program === "windows") {
    const why = `${loader.path} is the boot loader of Windows, which does not start this system`;
    // An entry before this system's own is the machine's choice, and was there before.
    return isFallback
      ? nothing({ text, why, about })
      : { link: assumed(place, { text, why, about }), loader: null, menu: null, other: NAMES.windows };
  }
  if (program === "refind" || program === "limine") {
    const why = `${loader.path} is ${NAMES[program]}`;
    return { link: proven(place, { text, why, about }), loader: null, menu: null, other: NAMES[program] };
  }
  if (program === "systemd-boot")
    return {
      link: proven(place, { text, why: `${loader.path} is systemd-boot`, about }),
      loader: "systemd-boot",
      menu: null,
    };
  const menu = await grubMenu(ground, loader.esp, directory);
  if (program === "shim") {
    const next = (await listNames(view, directory)).find((name) =>
      /^grub(?:x64|aa64|ia32)?\.efi$/i.test(name),
    );
    if (next === undefined)
      return {
        link: broken(place, {
          text,
          why: `${loader.path} is shim, and the GRUB that it starts is not beside it`,
          advice: `Put grubx64.efi into ${directory} on the machine (reinstall its package of signed GRUB), and plan again`,
          about,
        }),
        loader: null,
        menu: null,
      };
  }
  if (program === null) {
    const twin = await findTwin(ground, loader);
    return {
      link: assumed(place, {
        text,
        why: `${loader.path} is there${twin === null ? "" : `, the same as ${twin}`}; which program it is cannot be seen`,
        about,
      }),
      loader: menu === null ? loaderOf(ground.guest.loader) : "grub2",
      menu,
      isGuess: true,
    };
  }
  return {
    link: proven(place, { text, why: `${loader.path} is there`, about }),
    loader: program === "stub" ? "stub" : "grub2",
    menu,
  };
}

const NAMES = { windows: "Windows' boot loader", refind: "rEFInd", limine: "Limine" } as const;

/** Another loader of the EFI partition with the same bytes: whose copy a fallback loader is. null: none. */
async function findTwin({ view }: Ground, { esp, path, bytes }: Loader): Promise<string | null> {
  if (bytes === null) return null;
  const vendors = (await listNames(view, await efiPath(view, esp, ["EFI"]))).slice(0, 50);
  for (const names of vendors.flatMap((vendor) => [[vendor], [vendor, "Boot"]])) {
    const directory = await efiPath(view, esp, ["EFI", ...names]);
    const programs = (await listNames(view, directory)).filter((name) => /\.efi$/i.test(name));
    for (const name of programs.slice(0, 20)) {
      if (`${directory}/${name}` === path) continue;
      const other = await readLoader(view, esp, ["EFI", ...names, name]);
      if (other?.equals(bytes) === true) return `${directory}/${name}`;
    }
  }
  return null;
}

/** Beside the loader; a fallback loader is a copy, whose prefix leads to the directory of its distribution. */
async function grubMenu({ view }: Ground, esp: string, directory: string): Promise<string | null> {
  const vendors = (await listNames(view, await efiPath(view, esp, ["EFI"]))).filter(
    (name) => !/^boot$/i.test(name),
  );
  const places = [
    directory,
    ...(await Promise.all(vendors.map((name) => efiPath(view, esp, ["EFI", name])))),
  ];
  for (const base of places) {
    const path = `${base}/grub.cfg`;
    if ((await view.resolve(path)) !== null) return path;
  }
  return null;
}
