// SPDX-License-Identifier: Apache-2.0
// Codes of the installed system and what is changed in it. The area is `conversion`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops, warns, notes } = kindsOf("conversion");

/** Files of the guest. */
const FILES = {
  "not-converted": warns("Nothing is changed: no installed Linux was found, or --as-is was given."),
  "system-by-image": warns("The system is made of images (ostree, Ubuntu Core), and is not changed."),
  "system-read-only": stops("The root is a read-only snapshot of transactional-update; it is not changed."),
  "declared-system": warns(
    "NixOS or Guix writes its files anew from its configuration; a fstab that must change stops.",
  ),
  "guest-no-etc": stops("/etc in the guest is not a directory."),
  "guest-path": warns("Something in the guest is not the file or directory that a step needs there."),
  "guest-changed": stops("The guest is not as it was when the plan was made."),
  "guest-out-of-bounds": stops("A step met something in the guest that is larger than it accepts."),
  "guest-full": stops("A file system of the guest has too little space for the changes."),
  "boot-full": stops("/boot of the guest has too little space for the changes."),
  "file-too-large": warns("A file of the guest is too large to be read; a boot loader's own file stops."),
  "changed-since": stops("Files are not as the conversion left them, so it is not undone."),
  "probe-path": stops("The boot probe cannot be put into the guest."),
  "step-offered": notes("A step that is not done by itself would change something."),
} satisfies ProblemTable;

/** Names of disks and volumes in the guest's files. */
const NAMES = {
  "chain-differs": warns("The boot check and the chain of boot do not agree: a defect of one of them."),
  "chain-broken": stops("A link of the chain of boot is broken: the VM would not come up by itself."),
  "fstab-not-given": warns("fstab names a volume that none of the given disks holds."),
  "fstab-option-device": warns("A mount option of fstab names a device that has no stable name here."),
  "fstab-no-uuid": warns("fstab names a volume that has no UUID to name it by."),
  "crypttab-not-given": warns(
    "crypttab names a volume that none of the given disks holds, or that has no UUID to name it by.",
  ),
  "crypttab-no-root": warns("The root is encrypted, and crypttab does not name it."),
  "unit-not-given": warns("A unit of systemd needs a device that none of the given disks holds."),
  "file-not-given": warns("A file that is read at boot names a device that none of the given disks holds."),
  "mdadm-by-name": warns("mdadm.conf knows an array by its disks only."),
  "root-not-given": warns("A boot entry names a root that none of the given disks holds."),
  "word-not-given": warns("A word of a kernel's command line names a device that the VM does not have."),
  "boot-from-san": warns("The machine boots from a SAN, and the words that log in there are taken out."),
  "key-not-given": warns("The key or header of an encrypted volume lies on a device that is not given."),
  "key-sealed": warns("An encrypted volume is unlocked by something that the VM does not have."),
  "key-clevis": warns("The key of an encrypted volume may be sealed in this machine, or held by a server."),
  "selinux-relabel": notes("The VM labels all files at its first boot."),
} satisfies ProblemTable;

/** All else that names what the VM lacks. */
const LEFT = {
  "names-old-hardware": warns(
    "Lines of the guest's files name hardware of the old machine, and no step changes them.",
  ),
} satisfies ProblemTable;

/** Boot loaders and firmware. */
const LOADERS = {
  "loader-file-full": warns("The new command line does not fit into a boot loader's file of fixed size."),
  "loader-lilo": warns("The guest boots by LILO, whose map names devices of the old machine."),
  "grub-install-device": notes("A package of GRUB remembers a disk or partition that the VM does not have."),
  "grub-other-disk": warns("GRUB loads from a disk by its number, which may be another disk in the VM."),
  "efi-not-seen": warns("The guest boots by UEFI, and its EFI system partition could not be opened."),
  "efi-no-loader": warns("The EFI system partition holds no loader that a VM would start."),
  "efi-fallback-foreign": warns("The fallback loader is not the guest's own; it is kept."),
  "uki-names-hardware": warns("A unified kernel image names disks that the VM lacks."),
  "uki-lacks-drivers": warns("The initramfs in a unified kernel image lacks drivers of a VM."),
  "uki-not-opened": warns("The initramfs in a unified kernel image cannot be looked into."),
} satisfies ProblemTable;

/** Kernels, their initramfs and their drivers. */
const KERNELS = {
  "no-kernel": stops("The guest has no kernel that its boot loader could start."),
  "survey-no-kernel": warns("No kernel was seen, and the collector could not read all of /boot."),
  "kernel-missing": stops("The installed system has no kernel to start the Xen domain with."),
  "kernel-without-drivers": stops(
    "A kernel has no driver for the VM's disk; where another can be chosen, a warning.",
  ),
  "kernel-xen-only": stops("A kernel starts under Xen only; where another can be chosen, a warning."),
  "initramfs-not-proven": stops("A kernel's initramfs lacks what the VM needs to find its root."),
  "initramfs-not-built": warns("The guest's own tool could not rebuild an initramfs."),
  "initramfs-built-otherwise": warns("An initramfs was rebuilt in another way than the guest's own."),
  "initramfs-later": notes("An initramfs is rebuilt at migration, not in a plan at a desk."),
  "devices-emulated": warns("A kernel has no virtio; the VM gets slower devices that it knows."),
  "drivers-missing": warns("A kernel lacks drivers, and extras have no package with them."),
  "drivers-later": notes("A package of extras is installed at migration, not in a plan at a desk."),
  "drivers-not-installed": warns("A package of extras could not be installed."),
  "drivers-not-in-menu": warns(
    "A new kernel was installed, and no boot menu could be given an entry for it.",
  ),
  "extras-unreadable": warns("A package of extras cannot be read."),
  "guest-agent-later": notes("The guest agent is installed at migration, not in a plan at a desk."),
  "guest-agent-not-installed": warns("The guest agent could not be installed."),
} satisfies ProblemTable;

/** What the old machine had more of. */
const SIZES = {
  "memory-reserved": warns("The guest sets aside more memory at boot than the VM can spare."),
  "memory-limited": notes("The guest's command line keeps its kernel from using all of the VM's memory."),
  "crashkernel-too-large": warns("crashkernel= asks for more than half of the VM's memory."),
} satisfies ProblemTable;

/** Network cards in the guest's files. */
const NICS = {
  "nic-not-in-vm": warns("A file of the guest configures a network card that the VM does not have."),
  "cloud-init-kept": notes("cloud-init set the machine up, and leaves the VM as it is."),
  "bond-no-partner": warns(
    "A bond of network cards needs a switch that knows of it; a host's bridge does not.",
  ),
  "vlan-tagged": notes("The guest uses tagged VLANs, which the host's network must carry."),
  "nic-no-firmware": warns(
    "A network card gets its address from the firmware (iBFT), which the VM does not have.",
  ),
  "nic-command": warns("A command for the old card may fail on the VM's, and its interface then stays down."),
  "nic-unclear": warns("Which card a configured interface means cannot be told from the guest's files."),
  "nic-unused": notes("Nothing in the guest configures a network card of the machine."),
  "nic-other-mac": notes("A file of the guest gives a network card another address than its own."),
} satisfies ProblemTable;

export const CONVERSION_PROBLEMS = { ...FILES, ...NAMES, ...LEFT, ...LOADERS, ...KERNELS, ...SIZES, ...NICS };
