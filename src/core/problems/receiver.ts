// SPDX-License-Identifier: Apache-2.0
// Codes that a receiver sends, agent or shell. They come over the wire: whatever is not here is taken for `agent-failed`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const destination = kindsOf("destination");
const host = kindsOf("host");

export const RECEIVER_PROBLEMS = {
  "destination-absent": destination.stops("The directory or volume is not there."),
  "destination-broken": destination.stops("The destination's disk fails."),
  "destination-busy": destination.stops("Another run writes to the directory."),
  "destination-changed": destination.stops("A file of an unfinished copy has another size than it had."),
  "destination-exists": destination.stops(
    "Something is in the way: a finished VM, a file, or what a volume holds.",
  ),
  "destination-failed": destination.stops("Writing failed; the message has the words of the program there."),
  "destination-file-limit": destination.stops("The file system there cannot hold a file of that size."),
  "destination-format": destination.stops("Only the agent can write images of this format."),
  "destination-full": destination.heals("There is too little space."),
  "destination-gone": destination.stops("Files of the copy were removed while it ran."),
  "destination-in-use": destination.stops("The VM runs, or the volume is in use."),
  "destination-no-device": destination.stops("The volume is not a block device."),
  "destination-no-file": destination.stops("A file of the copy is not a regular file."),
  "destination-too-small": destination.stops("The volume is smaller than the disk."),
  "destination-read-only": destination.stops("The user may not write there."),

  "agent-failed": host.stops("The receiver failed for a reason that has no code."),
  "cell-damaged": host.stops("A segment was damaged on its way; it is sent again."),
  "cell-differs": host.stops("A segment does not read back as it was sent, however often."),
  "export-lost": host.heals("The agent that served a qcow2 image to the others ended."),
  protocol: host.stops("Sender and receiver do not understand each other."),
  "protocol-unknown": host.stops("Sender and receiver are of releases that share no protocol."),
  "qcow2-needs-qemu": host.stops("The host lacks a program that qcow2 images need."),
  "qcow2-not-served": host.stops("qemu-storage-daemon on the host does not serve a qcow2 image."),
  "receiver-lacks-tools": host.stops("The host's shell lacks programs that receiving a copy needs."),
} satisfies ProblemTable;
