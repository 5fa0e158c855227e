// SPDX-License-Identifier: Apache-2.0
// The steps for files that were collected from a running server: they hold no initramfs, and none can be built. What its
// configuration needs is proposed like any other change; the rest is reported as left to the migration.
import { makeProblem, named, VM_DRIVERS } from "../../core/index.ts";
import type { FreeSpace, GuestTools } from "../guest-tools/tools.ts";
import { isRelease, readModules } from "../initramfs/modules.ts";
import { listDrivers } from "../steps/kernels/initramfs-drivers.ts";
import { findIncapable } from "../steps/kernels/prove.ts";
import { CONVERSION_STEPS } from "../steps/list.ts";
import { type ConversionStep, step } from "../steps/step.ts";

/** `freeSpace` as it was when the files were collected. */
export function deskTools(freeSpace: (path: string) => FreeSpace): GuestTools {
  return {
    freeSpace: (path) => Promise.resolve(freeSpace(path)),
    async buildInitramfs({ kernels }, use) {
      for (const { version } of kernels) await use(version, { kind: "failed", why: "not at a desk" });
    },
    installPackages: () => Promise.resolve({ kind: "later" }),
  };
}

const initramfsLater = step(
  {
    name: "initramfs",
    explains: "Lists the drivers of a VM in the settings of the guest's initramfs tool",
  },
  async (context) => {
    const { view, guest, draft } = context;
    const kernels = guest.kernels.filter(({ bootable, version }) => bootable && isRelease(version));
    await listDrivers(kernels, context);
    const modules = new Set<string>();
    const versions: string[] = [];
    for (const kernel of kernels) {
      const found = await readModules(view, kernel.version);
      const wanted = VM_DRIVERS.filter((driver) => found?.place(driver) === "module");
      if (wanted.length > 0 && kernel.initramfs !== null) versions.push(kernel.version);
      for (const driver of wanted) modules.add(driver);
    }
    if (versions.length > 0)
      draft.problem(
        makeProblem("initramfs-later", {
          about: named("kernel", ...versions),
          text: `The initramfs of ${versions.slice(0, 8).join(", ")} will be done at migration (${guest.initramfsTool}, for ${[...modules].join(", ")})`,
          advice: "It is built on a throw-away overlay then, and opened before a byte is copied",
        }),
      );
  },
);

const capable = step(
  {
    name: "prove",
    explains: "Looks for the drivers of a VM among every bootable kernel's modules",
  },
  async (context) => {
    for (const problem of (await findIncapable(context)).problems) context.draft.problem(problem);
  },
);

const AT_DESK = new Map([initramfsLater, capable].map((replacement) => [replacement.name, replacement]));

/** The same names in the same order, so that the same can be skipped. */
export const DESK_STEPS: readonly ConversionStep[] = CONVERSION_STEPS.map(
  (real) => AT_DESK.get(real.name) ?? real,
);
