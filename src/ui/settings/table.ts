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
    "Gives the guest's interface NAME this MAC address in the VM, such as enp3s0=52:54:00:12:34:56.",
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
  "as-is": flag("Copy damaged volumes whole, and leave the installed system as it is."),
  key: many(
    "[UUID=]FILE",
    "A file with the passphrase or key of encrypted (LUKS) volumes, or of the one with this UUID: what is in them is converted too. Without a key they are copied whole, as they are.",
  ),
  skip: many("STEP", "Leave out a conversion step by its name, as plan shows it, such as nic-names."),
  with: many("STEP", "Do an optional conversion step too, which else is only told, such as xorg."),
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
  "window-ends": one(
    "TIME",
    "When the copy must be done, such as 06:30 or 2026-11-24T06:30: the plan says whether it fits, and what to do if not.",
  ),
  "retry-for": one(
    "TIME",
    "When the link or the host fails, try to connect again for so long without progress, such as 90s, 10m or 2h; 0: not at all. Default: 10m.",
  ),
  "skip-bad-sectors": flag(
    "Copy a failing disk as far as it can be read: what cannot becomes zero, and is listed in the report, by file where an ext file system can tell. Up to 256 MiB of a disk.",
  ),
  "no-boot-check": flag("Do not start the finished VM once on a throw-away overlay."),
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
    "Where the result is written: an image (iso build: virt-p2v.iso by default; iso attach), or a directory (iso pxe, iso kickstart).",
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
    "On the live CD, as p2v.identity=KEY: the private key for the host, a path or an http(s) address.",
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
    "On the live CD, as p2v.post=ACT, after success: poweroff, reboot, none, or local (the CD is ejected, and the machine's own system starts; not with --start). Default: none.",
  ),
  onfail: one(
    "ACT",
    "On the live CD, as p2v.onfail=ACT, after a failure: wait, poweroff, or local (as for post). Default: wait.",
  ),
  help: flag("Print this help."),
} as const satisfies Record<string, Setting>;

/** One word, or two: `iso build`. */
export type CommandName =
  | "inspect"
  | "plan"
  | "migrate"
  | "convert"
  | "verify"
  | "report"
  | "host show"
  | "host define"
  | "host undefine"
  | "host clean"
  | "iso build"
  | "iso attach"
  | "iso pxe"
  | "iso kickstart"
  | "doctor"
  | "live"
  | "wizard";

export type Command = {
  readonly name: CommandName;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it does, for its help and the manual; paragraphs. */
  readonly description: readonly string[];
  /** `many`: several may be given, or none where the settings say enough. */
  readonly positional: {
    readonly name: string;
    readonly help: string;
    readonly many?: true;
    readonly optional?: true;
  } | null;
  readonly settings: readonly SettingName[];
  readonly required: readonly SettingName[];
  /** With this setting none is required. */
  readonly unless?: SettingName;
  readonly examples: readonly (readonly [string, string])[];
};

const PLANNING: readonly SettingName[] = [
  "disk",
  "to",
  "name",
  "hypervisor",
  "format",
  "volume",
  "memory",
  "vcpus",
  "firmware",
  "nic",
  "network",
  "link",
  "autostart",
  "proof",
  "ssh-config",
  "replace",
  "update",
  "mirrors",
  "as-is",
  "key",
  "skip",
  "only",
  "with",
  "extras",
  "lanes",
  "compress",
  "limit-rate",
  "receiver",
  "window-ends",
  "retry-for",
  "skip-bad-sectors",
  "no-boot-check",
];

export const COMMANDS: readonly Command[] = [
  {
    name: "inspect",
    summary: "Show this machine, or the given disks, and the system installed on them",
    description: [
      "Shows firmware, CPU, memory, network cards and the tree of disks, volumes and file systems. With --disk also the installed system: distribution, kernels, boot loader, network.",
      "Nothing is written: disks are opened read-only, and a file system that was not shut down cleanly is looked at through a throw-away overlay.",
      "FILE is a survey without downtime: --collector prints a script for sh, which says in its head what it reads, leaves out all secrets, and writes one tar archive; as root it sees more. The archive is read at a desk, and nothing of it is unpacked to a disk.",
    ],
    positional: {
      name: "FILE",
      help: "An archive that the collector made on a running server, instead of this machine.",
      optional: true,
    },
    settings: ["disk", "key", "sysroot", "collector", "json", "help"],
    required: [],
    examples: [
      ["virt-p2v inspect", "this machine"],
      ["virt-p2v inspect --disk server.img", "a disk image and the system on it"],
      ["virt-p2v inspect --json | jq .machine.cpu", "for programs"],
      [
        "virt-p2v inspect --collector | ssh root@server 'sh -s -- -' > server.tar.gz",
        "a survey of a running server",
      ],
      ["virt-p2v inspect server.tar.gz", "what it is, at a desk"],
    ],
  },
  {
    name: "plan",
    summary: "Show everything a migration would do, and do nothing",
    description: [
      "Prints problems first, then the VM, the bytes to send, and each file that would change as a unified diff.",
      "The changes are worked out for real on a throw-away overlay, which takes as long as the conversion itself: under a minute.",
      "With --machine the plan is made of what the collector (see inspect) gathered on a running server, without its disks and without a host: will it boot, what changes, about how many bytes, which drivers are missing. What takes the disks, the initramfs above all, is said to be done at migration.",
    ],
    positional: null,
    settings: [...PLANNING, "machine", "csv", "save", "json", "help"],
    required: ["disk", "to"],
    unless: "machine",
    examples: [
      [
        "virt-p2v plan --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images",
        "before the night it counts",
      ],
      ["virt-p2v plan --machine server.tar.gz", "weeks before, while the server runs"],
      ["virt-p2v plan --machine a.tar.gz --machine b.tar.gz --csv > servers.csv", "which ones are easy"],
    ],
  },
  {
    name: "migrate",
    summary: "Convert, copy, verify, define and boot-check a VM made of these disks",
    description: [
      "Shows the plan and asks; then converts on an overlay, copies the used blocks, reads every block back at the destination and compares its SHA-256, writes definitions for libvirt, Xen and QEMU, and starts the VM once on a throw-away overlay to see that it boots with its network.",
      "The source disks are opened read-only, always. Interrupted, run the same command again: what is durable at the destination is not sent again.",
    ],
    positional: null,
    settings: [...PLANNING, "start", "yes", "json", "help"],
    required: ["disk", "to"],
    examples: [
      [
        "virt-p2v migrate --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images",
        "a disk of this machine to a host",
      ],
      [
        "virt-p2v migrate --disk server.img --to dir:./vms --name server --yes",
        "an image, to a directory here",
      ],
      ["virt-p2v migrate --disk a.img --disk b.img --to dir:./vms --format qcow2", "two disks, as qcow2"],
      [
        "virt-p2v migrate --update --disk /dev/sda --to ssh://root@host/var/lib/libvirt/images",
        "a second pass, hours later: short, since most is there already",
      ],
    ],
  },
  {
    name: "convert",
    summary: "Convert the system on disk images, without copying them",
    description: [
      "What migrate does to a guest, and nothing else: its own initramfs tool, boot loader, fstab and network names are made fit for a VM, on an overlay. Without --overlay and --in-place it only shows what would change.",
      "With --overlay all changes are in a new qcow2 file whose backing file is the image; the image is not written. With --in-place they are written into the image at the end, all at once, from an overlay that stays until they are. The directory IMAGE.conversion then holds the record and each changed file before and after, by which --undo gives every file its content, mode, owner and attributes back. A migration keeps the same beside its report, in conversion/.",
      "Images are raw or qcow2, which must not need other files; for others: qemu-img convert -O qcow2.",
    ],
    positional: {
      name: "IMAGE",
      help: "A disk image, raw or qcow2, or a block device; several in their order.",
      many: true,
    },
    settings: [
      "overlay",
      "in-place",
      "only",
      "key",
      "skip",
      "with",
      "extras",
      "list-steps",
      "undo",
      "force",
      "keep",
      "name",
      "firmware",
      "nic",
      "yes",
      "json",
      "help",
    ],
    required: [],
    examples: [
      ["virt-p2v convert server.img", "what would change"],
      ["virt-p2v convert server.img --overlay server.qcow2", "the image stays as it is"],
      [
        "virt-p2v convert server.img --in-place --only fstab --only initramfs",
        "two steps only, into the image",
      ],
      ["virt-p2v convert --undo server.img.conversion", "and back"],
      ["virt-p2v convert --undo vms/web/conversion", "all files of the source in a migrated VM's images"],
    ],
  },
  {
    name: "verify",
    summary: "Read a VM's images again and check them against the manifest",
    description: [
      "Reads every image in DIR and compares each segment with the SHA-256 that was recorded when it was copied.",
    ],
    positional: { name: "DIR", help: "Directory of a migrated VM, with manifest.json in it." },
    settings: ["full", "json", "help"],
    required: [],
    examples: [["virt-p2v verify vms/server", "any time after the migration"]],
  },
  {
    name: "report",
    summary: "Write report.html again from report.json",
    description: ["The report is data first: report.json has all of it, report.html is made from it."],
    positional: { name: "DIR", help: "Directory of a migrated VM, with report.json in it." },
    settings: ["json", "help"],
    required: [],
    examples: [["virt-p2v report vms/server", "after an update of virt-p2v"]],
  },
  {
    name: "host show",
    summary: "Show what a host is: hypervisor, storage, networks, CPU, memory, VMs",
    description: [
      "Logs in to the host once, asks, and writes nothing: Xen with xl, libvirt, Proxmox VE or plain QEMU, and what of it this user may use; directories, pools and volume groups with their free space; bridges and networks; the x86-64 level of its CPU; the VMs that are there.",
      "A migration asks the same before a byte is copied, and compares the answer with its plan.",
    ],
    positional: {
      name: "URI",
      help: "ssh://[user@]host[:port], with a directory or without; or dir:PATH for this machine.",
    },
    settings: ["ssh-config", "json", "help"],
    required: [],
    examples: [
      ["virt-p2v host show ssh://root@host", "before the first migration"],
      ["virt-p2v host show ssh://root@host/srv/vms --json | jq .storages", "for programs"],
    ],
  },
  {
    name: "host clean",
    summary: "Remove from a host what copies brought there",
    description: [
      "A copy over ssh brings its agent and the Node that runs it into the cache directory of the user there (~/.cache/virt-p2v, or XDG_CACHE_HOME), once per version, and leaves them for the next copy. This removes them, and says what it removed. VMs stay.",
    ],
    positional: { name: "URI", help: "The host, as for --to: ssh://[user@]host[:port]/path." },
    settings: ["ssh-config", "json", "help"],
    required: [],
    examples: [["virt-p2v host clean ssh://root@host/var/lib/libvirt/images", "after the last migration"]],
  },
  {
    name: "host define",
    summary: "Make a migrated VM one of the host where its directory lies now",
    description: [
      "One conversion serves every hypervisor: the images have the drivers of KVM and of Xen. When the directory of a finished migration was brought to another host, or to this one without being defined, this writes its definitions anew for that host's networks and hypervisor, and defines it there. It shows what it would do and asks; no image is written, and a VM that runs is refused.",
      "To bring a directory to another host: rsync -aS or cp -a --sparse=always; virt-p2v verify reads it again there.",
    ],
    positional: { name: "NAME", help: "Name of the VM, as the migration gave it." },
    settings: [
      "to",
      "hypervisor",
      "network",
      "link",
      "autostart",
      "start",
      "ssh-config",
      "yes",
      "json",
      "help",
    ],
    required: ["to"],
    examples: [
      [
        "virt-p2v host define web --to ssh://root@kvm/var/lib/libvirt/images",
        "it was migrated to a Xen host",
      ],
      ["virt-p2v host define web --to dir:/srv/vms --network br0 --start", "on this machine"],
    ],
  },
  {
    name: "host undefine",
    summary: "Take a migrated VM away from its host: its definition and its files",
    description: [
      "Removes exactly what a migration made: the VM's entry in libvirt or /etc/xen, and the images, definitions and reports in its directory. Shows it and asks. What somebody else put into the directory stays, and so does a file in /etc/xen that was changed since.",
      "A VM that runs is refused.",
    ],
    positional: { name: "NAME", help: "Name of the VM, as the migration gave it." },
    settings: ["to", "ssh-config", "yes", "json", "help"],
    required: ["to"],
    examples: [
      [
        "virt-p2v host undefine web --to ssh://root@host/var/lib/libvirt/images",
        "with the --to of the migration",
      ],
    ],
  },
  {
    name: "iso build",
    summary: "Build the live CD: one image for CD and USB stick, BIOS and UEFI",
    description: [
      "Installs a small Debian with all storage and network drivers of its kernel, this program and its tools, and writes one image of about 325 MiB (64 of them room for iso attach) that starts from CD, DVD and USB stick, in BIOS, UEFI and Secure Boot. What is on it is listed in livecd/packages, with reasons.",
      "Needs Debian, root and a clone of the repository. The Debian part is kept in the cache directory ($P2V_CACHE, else ~/.cache/virt-p2v), so that building again takes seconds; remove it there to get newer packages. The same inputs give the same image, byte for byte.",
      "To make a stick: cp virt-p2v.iso /dev/sdX, where sdX is the whole stick, and all on it is lost.",
    ],
    positional: null,
    settings: ["out", "ssh-key", "config", "extras", "package", "suite", "room", "json", "help"],
    required: [],
    examples: [
      ["virt-p2v iso build", "virt-p2v.iso in this directory"],
      ["virt-p2v iso build --ssh-key ~/.ssh/id_ed25519.pub", "with ssh into the live system"],
      ["virt-p2v iso build --extras ./extras --package htop", "with more on it"],
    ],
  },
  {
    name: "iso attach",
    summary: "Put the current program, extras or answers onto a finished image",
    description: [
      "Writes a copy of the image ISO with this program in the room that iso build left there. Nothing else of it changes, so it boots as before, from CD and stick, in BIOS, UEFI and Secure Boot. Takes seconds, and needs no root. An ssh key, extras and answers of the build stay where no others are given; what was attached before is replaced, but for its extras and answers.",
      "At boot the newer program runs, the attached one where both are the same version. One that is damaged, made for another live system, or does not start is left aside, and the consoles say so.",
    ],
    positional: { name: "ISO", help: "An image that virt-p2v iso build made." },
    settings: ["out", "ssh-key", "config", "extras", "json", "help"],
    required: ["out"],
    examples: [
      ["virt-p2v iso attach virt-p2v.iso --out new.iso", "after an update of the clone"],
      ["virt-p2v iso attach virt-p2v.iso --out night.iso --config answers.yaml", "the answers of this night"],
    ],
  },
  {
    name: "iso pxe",
    summary: "Write a directory from which machines boot the live system over the network",
    description: [
      "Makes a tree for TFTP and HTTP of the image ISO: kernel, one initramfs with all of the live system in it, a script for iPXE, menus for GRUB (UEFI, with Secure Boot by shim: bootx64.efi) and PXELINUX. What was attached to the image comes along. Needs no root.",
      "A machine that boots so needs 2 GiB of memory. TFTP moves a few MB a second; with --http the boot loaders fetch kernel and initramfs from there.",
    ],
    positional: { name: "ISO", help: "An image that virt-p2v iso build made." },
    settings: ["out", "http", "json", "help"],
    required: ["out"],
    examples: [
      [
        "virt-p2v iso pxe virt-p2v.iso --out /srv/tftp/p2v --http http://boot.example.org/p2v",
        "DHCP gives virt-p2v.ipxe to iPXE, bootx64.efi to UEFI",
      ],
    ],
  },
  {
    name: "iso kickstart",
    summary: "Write the live system as a kickstart for Fedora, RHEL and their relatives",
    description: [
      "Makes a directory with virt-p2v.ks, the program and the script that makes a live system of a tree: the same packages by their names there, the same units and rules. livecd-creator builds the image from it, on such a machine and as root. Whoever has Debian at hand takes iso build, whose image serves every machine.",
    ],
    positional: null,
    settings: ["out", "ssh-key", "config", "extras", "json", "help"],
    required: ["out"],
    examples: [
      ["virt-p2v iso kickstart --out ./kickstart", "then there: livecd-creator --config=virt-p2v.ks"],
    ],
  },
  {
    name: "doctor",
    summary: "Show what this computer has and lacks for a migration, and what is in extras",
    description: [
      "Programs, devices and file systems that a migration, the live CD and the boot check use here, with what each is for; then the driver packages and other files in extras (on the live CD those that iso build or iso attach put there, or a directory named by --extras). Exit code 3 when no migration can begin here.",
    ],
    positional: null,
    settings: ["extras", "json", "help"],
    required: [],
    examples: [["virt-p2v doctor --extras ./extras", "before an image is built with them"]],
  },
  {
    name: "live",
    summary: "What the live CD runs at boot: the migration that the kernel command line asks for",
    description: [
      "Every setting of migrate is a parameter of the kernel command line, as p2v.NAME=VALUE (p2v.to, p2v.name, p2v.disk=/dev/sda,/dev/sdb ...); the names of the C virt-p2v (p2v.server, p2v.port, p2v.username, p2v.os, p2v.of, p2v.disks, p2v.vcpu.cores ...) are understood too. Without p2v.unattended nothing is done.",
      "Without p2v.disk all disks of the machine are taken that are neither removable nor in use. What may heal, such as a network that is away, is tried again with growing pauses.",
      "An answer file is YAML: defaults: has settings as NAME: VALUE (to, name, disk, host-key, post ...), machines: a list of machines, each with match: {serial, uuid, mac} and settings of its own, which stand above the defaults. Where the list has no match, nothing is done, and the serial, UUID and MAC addresses of this machine are printed. The kernel command line stands above the file. doc/answers.schema.json is its JSON schema.",
    ],
    positional: null,
    settings: ["cmdline", "unattended", "config", "mode", "identity", "host-key", "post", "onfail", "help"],
    required: [],
    examples: [["virt-p2v live --cmdline answers.txt", "by hand, on the live CD"]],
  },
  {
    name: "wizard",
    summary: "Ask everything a migration needs, page by page, on this terminal",
    description: [
      "What the live CD shows on its consoles: what was found, where the VM goes, the host's key, the login, disks, the VM; then the plan, and after a yes the migration with its progress. Back leads to the page before, Esc asks whether to leave, answers are kept, and each page has help. It uses the program dialog, in 80 columns and 24 lines of ASCII.",
      "What is given on the command line is answered already, and can be changed on its page.",
    ],
    positional: null,
    settings: [...PLANNING, "start", "identity", "host-key", "sysroot", "cmdline", "help"],
    required: [],
    examples: [
      ["virt-p2v wizard", "on the live CD: this machine"],
      ["virt-p2v wizard --disk server.img", "a disk image"],
    ],
  },
];

export const EXIT_CODE_MEANINGS: readonly (readonly [number, string])[] = [
  [0, "Done; the VM was seen to boot, or the boot check was declined."],
  [1, "A bug in virt-p2v; please report it with its output."],
  [2, "Wrong usage."],
  [3, "A problem of the source: disk, file system, installed system."],
  [4, "A problem of the host or of the link to it."],
  [5, "The destination is full or exists already."],
  [6, "The conversion cannot make the guest boot."],
  [7, "Copied and verified, but not seen to boot with its root and network as they should be."],
  [8, "Verification failed."],
  [130, "Interrupted; run the same command again to go on."],
];
