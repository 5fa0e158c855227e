// SPDX-License-Identifier: Apache-2.0
// What a boot loader starts by itself: the same value for every loader. Paths are of the guest's tree.

export type DefaultEntry = {
  /** As the menu shows it. */
  readonly title: string;
  /** null: not found in the guest's tree. */
  readonly kernel: string | null;
  /** As the menu has it, for people. */
  readonly kernelWords: string;
  readonly words: string;
  /** Paths as the menu has them, and where they are; null: not there. */
  readonly initramfs: readonly { readonly named: string; readonly path: string | null }[];
  /** Xen's hypervisor, which starts the kernel; null: none. */
  readonly hypervisor: string | null;
  /** A unified image: kernel, words and initramfs are in the file `kernel`. */
  readonly unified: boolean;
  /** Variables that its words come from, and that nothing sets. */
  readonly unset?: readonly string[];
  /** Its files are loaded by sectors of a map: a file that was written again may lie elsewhere. */
  readonly bySectors?: boolean;
};

/** Why a loader does not go on by itself, and what to do. */
export type Waits = { readonly why: string; readonly advice: string };

export const noCountdown = (timeout: string): Waits => ({
  why: `its menu has ${timeout === "" ? "no timeout" : `the timeout ${timeout.slice(0, 20)}`}: it waits until somebody chooses`,
  advice: "Choose at the VM's console at each start; or give the menu a timeout on the machine",
});

/** What reading a loader comes to. */
export type LoaderFound =
  | {
      readonly kind: "entry";
      readonly title: string;
      readonly menu: string;
      readonly entry: DefaultEntry;
      /** Why it does not start by itself; absent or null: it does. */
      readonly waits?: Waits | null;
      /** Why another may be the default; absent: it is this one. */
      readonly unsure?: string;
    }
  /** It will not start anything: why, and what to do. */
  | {
      readonly kind: "broken";
      readonly title: string;
      readonly why: string;
      readonly advice: string;
      readonly menu: string | null;
    }
  /** Not known here. */
  | { readonly kind: "unknown"; readonly title: string; readonly why: string };
