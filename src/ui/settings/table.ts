// SPDX-License-Identifier: Apache-2.0
// The one table of settings. Flags, help and the manual are made from it (src/ui/settings/*, scripts/man.ts).

export type SettingName = keyof typeof SETTINGS;

type Setting = {
  /** Shown for the value, `PATH`; null: the setting is a switch. */
  readonly value: string | null;
  readonly repeated: boolean;
  /** One or two sentences; begins with a capital, ends with a full stop. */
  readonly help: string;
};

const one = (value: string, help: string): Setting => ({ value, repeated: false, help });
const many = (value: string, help: string): Setting => ({ value, repeated: true, help });
const flag = (help: string): Setting => ({ value: null, repeated: false, help });

export const SETTINGS = {
  disk: many(
    "PATH",
    "A source disk: a block device or a raw image. Repeat it for several disks, in their order.",
  ),
  to: one("URI", "Where the VM goes: dir:PATH on this machine, or ssh://[user@]host[:port]/path."),
  name: one("NAME", "Name of the VM and of its directory. Default: the host name of the installed system."),
  hypervisor: one(
    "KIND",
    "What shall run the VM: auto, libvirt, xen, proxmox, or qemu (files only). Default: auto, what the host is; files only in a directory of this machine.",
  ),
  format: one("FORMAT", "Disk images as raw (sparse) or qcow2. Default: raw."),
  volume: many(
    "DEVICE",
    "A block device of the host (logical volume, partition, zvol) that takes a disk instead of an image file; one for each disk, in their order. What is on it is lost, so what is recognized there is refused without --replace.",
  ),
  memory: one(
    "SIZE",
    "Memory of the VM, such as 4G. Default: as this machine; 2G when the disks are images.",
  ),
  vcpus: one("N", "Virtual CPUs. Default: as this machine; 2 when the disks are images."),
  firmware: one(
    "KIND",
    "bios, uefi, or secure (UEFI with Secure Boot). Default: as this machine; when the disks are images, as they ask for.",
  ),
  nic: many(
    "NAME=MAC",
    "Gives the guest's interface NAME this MAC address in the VM, such as enp3s0=52:54:00:12:34:56. With the address of one of this machine's cards: that card is NAME.",
  ),
  network: many(
    "NETWORK",
    "A libvirt network or a bridge of the host for all network cards, or NIC=NETWORK for one. Default: the usual one there (default, xenbr0, vmbr0).",
  ),
  link: one(
    "STATE",
    "up, or down: the VM is defined with its network cables unplugged, so that it can run beside the original. Default: up.",
  ),
  autostart: flag("Let the host start the VM whenever the host itself starts."),
  start: flag(
    "Start the VM for real when all is done. Asks first: the original must be off, both have the same addresses.",
  ),
  proof: one(
    "LEVEL",
    "How far the source is proven unchanged: counters, used or full. Default: counters for block devices, used for images.",
  ),
  "ssh-config": one("FILE", "A configuration file for ssh, instead of your own."),
  save: flag("Keep the plan beside where the VM would be, as NAME.plan.txt and NAME.plan.json."),
  yes: flag("Begin without asking."),
  replace: flag("Replace a finished VM of the same name at the destination."),
  update: flag(
    "Bring a finished VM of the same name up to date: all is read and compared, only what differs is sent. What the VM itself wrote is lost.",
  ),
  mirrors: one(
    "WHICH",
    "Of disks mirrored by software RAID 1: keep, each is sent; one, only as many as hold everything, and the arrays have that many members in the VM. Default: keep.",
  ),
  root: one(
    "WHICH",
    "The installed system to convert, where the disks hold several: the UUID of its root file system, LABEL=, a partition such as /dev/sda2, or a node as inspect shows it. Default: the one that the machine starts, as far as the disks tell.",
  ),
  was: many(
    "NAME=DISK",
    "What the old machine called one of the disks, such as /dev/sdb=/dev/sda: for names in the installed system's files of which the plan says that nothing tells which disk they mean.",
  ),
  "as-is": flag("Copy damaged volumes whole, and leave the installed system as it is."),
  key: many(
    "[UUID=]FILE",
    "A file with the passphrase or key of encrypted (LUKS) volumes, or of the one with this UUID: what is in them is converted too. Without a key they are copied whole, as they are.",
  ),
  skip: many("STEP", "Leave out a conversion step by its name, as plan shows it, such as nic-names."),
  with: many("STEP", "Do an optional conversion step too, which is otherwise only suggested, such as xorg."),
  only: many(
    "STEP",
    "Take only this conversion step, by its name, also an optional one; repeat it for several. Whether that is enough to boot, only the step prove tells.",
  ),
  "list-steps": flag("Explain each conversion step in a line, in their order."),
  "in-place": flag("Write the changes into the images themselves (no block devices). Asks first."),
  overlay: many(
    "FILE",
    "Write the changes into a new qcow2 file above the image, which stays as it is; once for each image, in their order.",
  ),
  undo: one(
    "DIR",
    "Take a conversion in place back, by the directory that it made, or by conversion/ beside a migrated VM. IMAGE: where the images are by now, if not where they were.",
  ),
  force: flag("With --undo: leave files as they are that were changed since, and take back all others."),
  keep: one(
    "DIR",
    "Directory for the record and each changed file, before and after. Default: IMAGE.conversion.",
  ),
  lanes: one("N", "Connections to the host at one time. Default: 2 over ssh."),
  compress: one(
    "LEVEL",
    "auto, none, or a level of zstd, 1 to 19. Default: auto, by what is the bottleneck, the link or the CPU.",
  ),
  "limit-rate": one(
    "RATE",
    "Send at most so many bytes a second, all connections together, such as 20M. Default: no limit.",
  ),
  receiver: one(
    "KIND",
    "Who writes on the host: agent, shell (slower: dd, a hash and zstd or gzip of the host), or auto. Default: auto, the shell where the agent cannot run.",
  ),
  live: flag("The disks are in use, by the system that runs: they are read as they are at that moment."),
  portable: one(
    "FILE",
    "The portable file of the release, of this version. Default: this program, where it is that file.",
  ),
  follow: flag(
    "Copy again and again, only what changed, until a pass is no shorter than the one before, or the time of --window-ends is near.",
  ),
  "trust-writes": flag(
    "copy --live: let the kernel record what is written to the disks, from before the first pass on, and read only that in later passes; it goes on recording, in memory, when the command ends, and copy --live without this flag ends it. cutover, and migrate on the same system without a restart: read what that record names, and a sample of the rest; compare the rest when the VM is done.",
  ),
  "window-ends": one(
    "TIME",
    "When the copy must be done, such as 06:30 or 2026-11-24T06:30: the plan says whether it fits, and what to do if not; copy --follow begins no pass that would end later.",
  ),
  "retry-for": one(
    "TIME",
    "When the link or the host fails, try to connect again for so long without progress, such as 90s, 10m or 2h; 0: not at all. Default: 10m.",
  ),
  "skip-bad-sectors": flag(
    "Copy a failing disk as far as it can be read: what cannot becomes zero, and is listed in the report, by file where an ext file system can tell. Up to 256 MiB of a disk.",
  ),
  "no-boot-check": flag("Do not start the finished VM once on a throw-away overlay."),
  diff: flag("Print each change of the guest's files as a diff, secrets as ***."),
  verbose: flag("Keep a line for each step that is looked at, also for those that change nothing."),
  json: flag("Print JSON: one object, or one object a line while a job runs."),
  full: flag("Also compute the SHA-256 of each whole image."),
  collector: flag(
    "Print a shell script that collects, on a running server of any age, what inspect and plan need to know of it.",
  ),
  machine: many(
    "FILE",
    "Plan for a machine that is not here, by the archive that the collector made on it; several give a table.",
  ),
  csv: flag("With --machine: the table as CSV, with more columns."),
  sysroot: one("DIR", "Read /sys and /proc below DIR: a recorded machine."),
  out: one(
    "PATH",
    "Where the result is written: an image (iso build: virt-p2v.iso by default; iso attach), a directory (iso pxe, iso kickstart), or an archive (report-bug: virt-p2v-bug-TIME.tar.gz by default).",
  ),
  room: one("SIZE", "Room on the image for what iso attach puts there later. Default: 64M."),
  http: one(
    "URL",
    "Where the directory will be served over HTTP, such as http://boot.example.org/p2v. Default: by TFTP alone, which is slow.",
  ),
  "ssh-key": one(
    "FILE",
    "A public key (.pub) that may log in to the live system as root over ssh. Without one, nothing listens there.",
  ),
  config: one(
    "ANSWERS",
    "An answer file: put on the image by iso build; on the live CD, as p2v.config=ANSWERS, its path or http(s) address.",
  ),
  iso: one("FILE", "The image of the live CD, of virt-p2v iso build."),
  pxe: one("DIR", "In place of --iso: a directory of virt-p2v iso pxe."),
  "dry-run": flag("Check everything, show the plan, and end there."),
  extras: one(
    "DIR",
    "A directory of extras: packages with drivers for guests as DISTRO/VERSION/ARCH/, firmware, scripts. iso build and iso attach put it on the image, where it is found by itself.",
  ),
  package: many("NAME", "A further Debian package on the image."),
  suite: one("NAME", "The Debian release of the live system. Default: trixie."),
  cmdline: one(
    "FILE",
    "Read the kernel command line from FILE; the wizard then knows that it runs on the live CD. Default of live: /proc/cmdline.",
  ),
  unattended: flag("On the live CD, as p2v.unattended: begin without asking."),
  identity: one(
    "KEY",
    "The private key for the host: on the live CD, as p2v.identity=KEY, a path or an http(s) address; for cutover a file, in place of a key made for this job.",
  ),
  "host-key": one(
    "FINGERPRINT",
    "On the live CD, as p2v.host-key=SHA256:...: the only host key that is accepted.",
  ),
  mode: one(
    "MODE",
    "On the live CD, as p2v.mode=plan: only work out the plan, and keep it on the host. Default: migrate.",
  ),
  post: one(
    "ACT",
    "On the live CD, as p2v.post=ACT, and after a cutover, when all has succeeded: poweroff, reboot, none, or local (the CD is ejected, and the machine's own system starts; not with --start). Default: none.",
  ),
  onfail: one(
    "ACT",
    "On the live CD, as p2v.onfail=ACT, and after a cutover, when it has failed: wait, poweroff, or local (as for post). Default: wait; of cutover: local, the server starts its own system again.",
  ),
  plan: one("FILE", "A plan to take along, as plan --save or plan --json wrote it."),
  trace: one(
    "FILE",
    "Record each program that is run, here and on the host, as a line that can be pasted into a shell, with its start, duration and exit code; no secrets. A trace that is there is continued.",
  ),
  help: flag("Print this help."),
} as const satisfies Record<string, Setting>;
