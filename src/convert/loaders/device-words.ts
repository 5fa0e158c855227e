// SPDX-License-Identifier: Apache-2.0
// The open table of words of a kernel's command line that hold the name of a device, by the tool that reads them. Pure data.

export type DeviceWord = {
  /** Finds the devices within the value: what stands before, then the device. */
  readonly find: RegExp;
  /** `tag`: UUID= is understood there; `path`: whoever reads it opens a path; `options`: of mount(8). */
  readonly as: "tag" | "path" | "options";
  /** Of options: the word that names what is mounted with them. */
  readonly of?: string;
  /**
   * Where no given disk holds it. `root`: the boot stops there. `out`: nobody needs it in the VM, and the boot would wait.
   * `lost`: the word stays, and is reported.
   */
  readonly gone: "root" | "out" | "lost";
};

const WHOLE = /^()(.+)$/g;
/** Fields behind colons. Links of by-path hold colons too. */
const FIRST = /^()(\/dev\/disk\/by-path\/[^ ]{1,200}?-part\d{1,3}(?=:|$)|[^:]+)/g;
/** `[UUID=]KEYFILE:DEVICE`, and with dracut the encrypted device behind that. */
const BEHIND_KEY = /(^(?:[^:=]{1,100}=)?[^:]{1,500}:|:)([^:]+)/g;
/** TuxOnIce writes `swap:` before the device. */
const SWAP = /^((?:swap:)?)(.+)$/g;
const CRYPTOPTS = /((?:^|,)(?:source|key)=)([^,:]+)/g;

const swap = { find: SWAP, as: "tag", gone: "out" } as const;
const root = { find: WHOLE, as: "tag", gone: "root" } as const;
const whole = { find: WHOLE, as: "tag", gone: "lost" } as const;
const first = { find: FIRST, as: "tag", gone: "lost" } as const;
const key = { find: BEHIND_KEY, as: "tag", gone: "lost" } as const;
const options = { find: WHOLE, as: "options", gone: "lost" } as const;

export const DEVICE_WORDS: Readonly<Record<string, DeviceWord>> = {
  // The kernel itself, and every initramfs.
  root,
  resume: swap,
  rootflags: { ...options, of: "root" },

  // dracut.cmdline(7); systemd-fstab-generator(8), systemd-cryptsetup-generator(8), systemd-veritysetup-generator(8).
  boot: whole, // of the FIPS mode; `boot=live` is another thing
  "mount.usr": whole,
  "mount.usrflags": { ...options, of: "mount.usr" },
  "rd.luks.key": key,
  rd_LUKS_KEY: key,
  "luks.key": key,
  "systemd.mount-extra": first,
  "rd.systemd.mount-extra": first,
  "systemd.swap-extra": { ...swap, find: FIRST },
  "rd.systemd.swap-extra": { ...swap, find: FIRST },
  "systemd.verity_root_data": whole,
  "systemd.verity_root_hash": whole,
  "systemd.verity_usr_data": whole,
  "systemd.verity_usr_hash": whole,

  // mkinitcpio's hooks encrypt and resume; archlinux' names are Alpine's (mkinitfs) for root and resume.
  cryptdevice: first,
  cryptkey: first,
  cryptroot: whole, // mkinitfs

  // Debian's cryptsetup-initramfs.
  cryptopts: { find: CRYPTOPTS, as: "path", gone: "lost" },

  // genkernel(8).
  real_root: root,
  real_rootflags: { ...options, of: "real_root" },
  real_resume: swap,
  crypt_root: whole,
  crypt_roots: whole,
  crypt_swap: swap,
  crypt_swaps: swap,
  root_keydev: whole,
  swap_keydev: whole,
};
