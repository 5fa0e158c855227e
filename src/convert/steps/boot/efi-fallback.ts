// SPDX-License-Identifier: Apache-2.0
// EFI/BOOT/BOOTX64.EFI: a VM begins with empty NVRAM, and without an entry there the firmware starts only that file.
import { guestFiles, makeProblem } from "../../../core/index.ts";
import { step, type StepContext } from "../step.ts";
import { espMounts } from "../../efi/esp-mounts.ts";
import { type EfiLoader, findEfiLoaders } from "../../efi/loaders.ts";
import { efiArch, efiPath, listNames, readLoader } from "../../efi/tree.ts";

const WHY =
  "A VM has none of the old machine's NVRAM entries: its firmware starts this file and nothing else";

export const efiFallback = step(
  {
    name: "efi-fallback",
    explains: "Creates EFI/BOOT/BOOTX64.EFI from the guest's own boot loader, where it boots by UEFI",
  },
  async (context) => {
    const { guest, intent, view, draft } = context;
    const arch = efiArch(guest.arch);
    if (intent.firmware.kind !== "uefi" || arch === null) return;
    const esps: string[] = [];
    // An empty one could not be mounted.
    for (const esp of espMounts(context)) if ((await listNames(view, esp)).length > 0) esps.push(esp);
    if (esps.length === 0)
      draft.problem(
        makeProblem("efi-not-seen", {
          about: [],
          text: "The guest boots by UEFI, and no EFI system partition with anything on it could be opened here",
          advice: "The VM boots only if EFI/BOOT holds a boot loader there: look at it on the machine",
        }),
      );
    for (const esp of esps) await makeFallback(context, { esp, arch });
  },
);

type Place = { readonly esp: string; readonly arch: string };

async function makeFallback(context: StepContext, { esp, arch }: Place): Promise<void> {
  const { view, guest, draft } = context;
  const name = `BOOT${arch.toUpperCase()}.EFI`;
  const loaders = await findEfiLoaders(view, esp, { guest, arch });
  const there = await readLoader(view, esp, ["EFI", "BOOT", name]);
  if (there !== null) {
    const same = await sameAs(context, loaders, there);
    if (same !== null) await copyLoader(context, { esp, loader: { ...same, companions: missing(same) } });
    else if (loaders[0] !== undefined && !isKnown(there))
      draft.problem(
        makeProblem("efi-fallback-foreign", {
          about: guestFiles(`${esp}/EFI/BOOT/${name}`),
          text: `${esp}/EFI/BOOT/${name} is not the guest's own boot loader (${loaders[0].title}); it is kept`,
          advice: "If the VM starts something else, choose the guest's loader in the firmware's boot menu",
        }),
      );
    return;
  }
  const [loader] = loaders;
  if (loader !== undefined) return await copyLoader(context, { esp, loader });
  draft.problem(
    makeProblem("efi-no-loader", {
      about: guestFiles(esp),
      text: `${esp} holds no boot loader that a VM with new NVRAM would start`,
      advice: `Put the guest's loader there as EFI/BOOT/${name} on the machine; kernels started by the firmware itself need one too`,
    }),
  );
}

/** Only what shim cannot work without: the rest is the installer's choice. */
const missing = ({ companions }: EfiLoader): EfiLoader["companions"] =>
  companions.filter(({ to }) => /^grub/i.test(to));

async function sameAs(
  { view }: StepContext,
  loaders: readonly EfiLoader[],
  there: Buffer,
): Promise<EfiLoader | null> {
  for (const loader of loaders) {
    const bytes = await view.read(loader.main.from, { maxBytes: 2 ** 24 });
    if (bytes !== null && there.equals(bytes)) return loader;
  }
  return null;
}

/** shim, GRUB or systemd-boot of another version, as their `.sbat` and `.sdmagic` sections say (shim: SBAT.md). */
const isKnown = (bytes: Buffer): boolean =>
  ["shim,", "grub,", "#### LoaderInfo: systemd-boot"].some((mark) => bytes.includes(mark));

async function copyLoader(
  { view, draft }: StepContext,
  { esp, loader }: { esp: string; loader: EfiLoader },
): Promise<void> {
  for (const { from, to } of [loader.main, ...loader.companions]) {
    const path = await efiPath(view, esp, ["EFI", "BOOT", to]);
    if ((await view.resolve(path)) === null)
      await draft.copy(from, path, { why: `${WHY} (${loader.title})` });
  }
}
