// SPDX-License-Identifier: Apache-2.0
// A shell script that runs the VM with QEMU alone: for a first look, or where there is no libvirt. Pure.
import { shown, type VmModel } from "../../core/index.ts";
import { quoteWord } from "../../system/index.ts";
import { firmwareCandidates, varsFile } from "./firmware.ts";
import { diskDevices, machineArguments, nicDevices } from "./qemu-devices.ts";

/** POSIX sh; the images lie beside it, wherever it is started from. */
export function renderQemuScript(vm: VmModel): string {
  const script = `${vm.name}.qemu.sh`;
  const wired = vm.nics.length > 0;
  return [
    "#!/bin/sh",
    `# ${shown(vm.name)}: starts this virtual machine with QEMU. Made by virt-p2v; the images lie beside it.`,
    "set -eu",
    "",
    "usage() {",
    "\tcat <<'END'",
    `Usage: ${shown(script)} [OPTION]... [-- QEMU-ARGUMENT...]`,
    `Runs the virtual machine ${shown(vm.name)}. What it writes stays in its images.`,
    "",
    "  --serial     its serial console in this terminal (the default without a display; leave with Ctrl-A X)",
    "  --window     its screen in a window (the default with a display)",
    "  --snapshot   throw away all it writes when it ends",
    ...(wired ? ["  --isolated   it can reach nobody: for a look while the original still runs"] : []),
    "  --help       this text",
    "",
    ...(vm.guestAgent === true
      ? [`Its guest agent listens at the socket ${shown(agentSocket(vm))}.`, ""]
      : []),
    "Environment:",
    "  ACCEL   kvm or tcg (emulated: slow, works everywhere); default: kvm where it works",
    "  MEMORY  MiB of memory;  CPUS  number of processors;  QEMU  the program",
    ...(wired ? ["  SSH_PORT  a port of this machine, for itself only, that leads to the guest's ssh"] : []),
    "",
    "Never run the original and this copy in the same network at once.",
    "END",
    "}",
    "",
    "view=serial",
    'if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then view=window; fi',
    "snapshot=",
    ...(wired ? ["restrict="] : []),
    "while [ $# -gt 0 ]; do",
    "\tcase $1 in",
    "\t--serial) view=serial ;;",
    "\t--window) view=window ;;",
    "\t--snapshot) snapshot=-snapshot ;;",
    ...(wired ? ["\t--isolated) restrict=,restrict=on ;;"] : []),
    "\t--help | -h)",
    "\t\tusage",
    "\t\texit 0",
    "\t\t;;",
    "\t--)",
    "\t\tshift",
    "\t\tbreak",
    "\t\t;;",
    "\t*)",
    "\t\tusage >&2",
    "\t\texit 2",
    "\t\t;;",
    "\tesac",
    "\tshift",
    "done",
    "",
    `memory=\${MEMORY:-${Math.ceil(vm.memoryBytes / 2 ** 20)}}`,
    `cpus=\${CPUS:-${vm.vcpus}}`,
    "qemu=${QEMU:-}",
    "for program in qemu-system-x86_64 /usr/libexec/qemu-kvm; do",
    '\tif [ -z "$qemu" ] && command -v "$program" >/dev/null 2>&1; then qemu=$program; fi',
    "done",
    'if [ -z "$qemu" ]; then',
    "\techo 'QEMU is not installed (Debian: apt-get install qemu-system-x86)' >&2",
    "\texit 1",
    "fi",
    "",
    "# /dev/kvm may open although no guest can run in it: QEMU is asked to set a CPU up, without starting it.",
    "kvm_works() {",
    "\t[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1",
    `\techo quit | "$qemu" -accel kvm -cpu host -machine ${vm.machine} -m 64 -nodefaults -display none -S -monitor stdio >/dev/null 2>&1`,
    "}",
    "accel=${ACCEL:-}",
    'if [ -z "$accel" ]; then if kvm_works; then accel=kvm; else accel=tcg; fi; fi',
    "case $accel in",
    "kvm) cpu=host ;;",
    "*) cpu=max,la57=off ;;",
    "esac",
    'if [ "$accel" = tcg ]; then echo "No KVM: the processor is emulated, which is slow." >&2; fi',
    "",
    "# The images are named without a directory, so that any character may be in the path to them.",
    'here=$(dirname -- "$0")',
    'cd -- "$here"',
    "",
    ...firmwareLines(vm),
    ...(wired
      ? ["forward=", 'if [ -n "${SSH_PORT:-}" ]; then forward=",hostfwd=tcp:127.0.0.1:$SSH_PORT-:22"; fi', ""]
      : []),
    'set -- "$@" \\',
    continued(argumentWords(vm)),
    "",
    'if [ -n "$snapshot" ]; then set -- "$@" "$snapshot"; fi',
    'if [ "$view" = serial ]; then',
    '\tset -- "$@" -nographic',
    "else",
    '\tset -- "$@" -serial vc',
    "fi",
    'exec "$qemu" "$@"',
    "",
  ].join("\n");
}

const agentSocket = (vm: VmModel): string => `${vm.name}.qga`;

/** Words of the command line by line, as shell text. */
function argumentWords(vm: VmModel): readonly string[] {
  const fixed = (words: readonly string[]): string => words.map(quoteWord).join(" ");
  const pflash =
    vm.firmware.kind === "uefi"
      ? [
          '-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code"',
          `-drive ${quoteWord(`if=pflash,format=raw,unit=1,file=${comma(varsFile(vm))}`)}`,
        ]
      : [];
  return [
    fixed(["-name", `guest=${comma(vm.name)}`, "-uuid", vm.uuid]),
    ...machineArguments(vm).map(fixed),
    '-accel "$accel" -cpu "$cpu" -m "$memory" -smp "$cpus"',
    fixed(["-rtc", `base=${vm.clock === "utc" ? "utc" : "localtime"}`]),
    "-vga std -device virtio-rng-pci",
    ...pflash,
    ...vm.disks.map(({ file, volume, format }, index) =>
      fixed([
        "-drive",
        `if=none,id=disk${index},format=${format},discard=unmap,${volume === undefined ? `file.driver=file,file.filename=./${comma(file)}` : `file.driver=host_device,file.filename=${comma(volume)}`}`,
      ]),
    ),
    ...diskDevices(vm, (index) => `disk${index}`).map((device) => fixed(["-device", device])),
    ...nicDevices(vm).map(({ port, device }, index) => {
      const devices = [port, device].flatMap((one) => (one === null ? [] : ["-device", one]));
      return `-netdev "user,id=net${index}$restrict${index === 0 ? "$forward" : ""}" ${fixed(devices)}`;
    }),
    ...(vm.nics.length === 0 ? ["-nic none"] : []),
    ...(vm.guestAgent === true
      ? [
          fixed(["-chardev", `socket,id=agent,path=${comma(agentSocket(vm))},server=on,wait=off`]),
          "-device virtio-serial-pci -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
        ]
      : []),
  ];
}

/** QEMU's own lists: a comma in a value is doubled. */
const comma = (text: string): string => text.replaceAll(",", ",,");

const continued = (lines: readonly string[]): string =>
  lines.map((line, index) => `\t${line}${index === lines.length - 1 ? "" : " \\"}`).join("\n");

function firmwareLines(vm: VmModel): readonly string[] {
  if (vm.firmware.kind === "bios") return [];
  const vars = quoteWord(`./${varsFile(vm)}`);
  return [
    "# UEFI: the firmware of Debian, Fedora, SUSE or Arch; its variables are kept beside the images.",
    "code=",
    "vars=",
    "while read -r one two; do",
    '\tif [ -z "$code" ] && [ -f "$one" ] && [ -f "$two" ]; then',
    "\t\tcode=$one",
    "\t\tvars=$two",
    "\tfi",
    "done <<'END'",
    ...firmwareCandidates(vm.firmware).map(({ code, vars: store }) => `${code} ${store}`),
    "END",
    'if [ -z "$code" ]; then',
    "\techo 'No UEFI firmware for QEMU (Debian: apt-get install ovmf; Fedora: edk2-ovmf)' >&2",
    "\texit 1",
    "fi",
    `if [ ! -e ${vars} ]; then cp -- "$vars" ${vars}; fi`,
    "",
  ];
}
