// SPDX-License-Identifier: Apache-2.0
// The command that ends a server's life as a machine of its own.
import { type Command, PLANNING } from "./command.ts";

/** What lies on the server's own disks cannot be read there once it is replaced. */
const NOT_CARRIED: readonly string[] = ["key", "extras", "window-ends", "was"];

export const cutover: Command = {
  name: "cutover",
  summary: "Replace this running server by the live system in memory, and make the VM of its disks",
  description: [
    "Runs on the server itself, as root, after copy --live. Checks everything first and says all that it finds at once: memory, whether the kernel starts another one (kexec, lockdown, Secure Boot), the live system's version, whether it can be connected as this server is (addresses, DHCP, VLANs, bonds, bridges), the destination, and the plan: chain of boot and conversion are tried with the server's own files and tools, in memory. Shows the plan, and asks.",
    "Then the live system is loaded into this server's memory, with answers, the host's key pinned and a key for this job only; all services are stopped as at any shutdown, and it starts without a CD. There it does what it does from a CD: disks read-only, overlay, conversion, what differs is sent, boot check, report, which says how long the downtime was.",
    "Nothing is ever written to the server's disks. What fails before the jump is taken back, and nothing has happened. After it the live system tries again for --retry-for, and then starts the server's own system again, as it was; so does a kernel that dies.",
  ],
  positional: null,
  settings: [
    "iso",
    "pxe",
    ...PLANNING.filter((name) => !NOT_CARRIED.includes(name)),
    "trust-writes",
    "start",
    "identity",
    "post",
    "onfail",
    "dry-run",
    "yes",
    "diff",
    "json",
    "trace",
    "help",
  ],
  required: ["disk", "to"],
  examples: [
    [
      "virt-p2v cutover --iso virt-p2v.iso --disk /dev/sda --to ssh://root@host/srv/vms --name web --dry-run",
      "weeks before: what stands in the way",
    ],
    [
      "virt-p2v cutover --iso virt-p2v.iso --disk /dev/sda --to ssh://root@host/srv/vms --name web --post poweroff",
      "in the night it counts",
    ],
  ],
};
