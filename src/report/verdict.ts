// SPDX-License-Identifier: Apache-2.0
// The verdict in words, and what to do next. The page, the terminal and the exit code say the same.
import { type Compared, formatBytes, formatSeconds, type Outcome, type Report } from "../core/index.ts";
import { suspectLinks } from "./chain.ts";

export type Tone = "good" | "attention" | "bad";
export type Verdict = { readonly tone: Tone; readonly title: string; readonly detail: string };

export function verdictOf(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case "booted":
      return {
        tone: "good",
        title: "booted",
        detail: `The VM started with its root and its network as the system configures them, after ${formatSeconds(outcome.seconds)}.`,
      };
    case "booted-but": {
      const detail = outcome.differences.map(({ text }) => text).join("; ");
      if (outcome.differences.every(({ about }) => about === "not-tried"))
        return {
          tone: "good",
          title: "booted",
          detail: `The VM started with its root as before. ${detail}.`,
        };
      const lost = outcome.differences.some(({ about }) => about === "network");
      const title = lost ? "booted, but no network" : "booted, but not as before";
      return { tone: "attention", title, detail };
    }
    case "not-booted":
      return { tone: "bad", title: "not booted", detail: outcome.why };
    case "not-tried":
      return { tone: "attention", title: "not tried", detail: outcome.why };
  }
}

/** 8 where the source changed, or the image is not what it was; 7 where it was started for real and nobody could log in; else 0 or 7: a root or network that differs is not a success, a failed unit alone is said but is one (review of exit codes). */
export function exitCodeOf({
  outcome,
  intent,
  proof,
  started = null,
  compared = null,
}: Pick<Report, "outcome" | "intent" | "proof" | "started" | "compared">): 0 | 7 | 8 {
  if (!proof.held || compared?.kind === "differs") return 8;
  if (started?.kind === "not-seen") return 7;
  switch (outcome.kind) {
    case "booted":
      return 0;
    case "booted-but":
      return outcome.differences.some(({ about }) => about === "network" || about === "root") ? 7 : 0;
    case "not-booted":
      return 7;
    case "not-tried":
      return intent.bootCheck ? 7 : 0;
  }
}

/** How far image and source were compared, in one line. */
export function comparedText({ kind, why, readBytes, unreadBytes, samples, sampledBytes }: Compared): string {
  const rest = `${formatBytes(readBytes)} read and compared; of ${formatBytes(unreadBytes)} a sample (${samples} places, ${formatBytes(sampledBytes)}) and ${why}`;
  switch (kind) {
    case "all":
      return `full: everything was read and compared (--trust-writes had no effect: ${why})`;
    case "traced":
      return `traced: ${rest}. The full comparison was not done`;
    case "full":
      return `full: at first ${rest}; then, with the VM done, all of that was read and compared, too, and is the same`;
    case "differs":
      return `DIFFERS: at first ${rest}; then all of that was read, and IS NOT THE SAME. Do not use this VM`;
  }
}

/** How it is started; all ways where the hypervisor was left open, since one conversion fits them all. */
function startLines({ name, intent, definition = null }: Report): readonly string[] {
  if (definition?.hypervisor === "libvirt")
    return [`Start it: virsh -c ${definition.uri ?? "qemu:///system"} start ${name}`];
  if (definition?.hypervisor === "xen") return [`Start it: xl create ${definition.files[0]?.path ?? name}`];
  const lines = [
    ["libvirt", `libvirt: virsh define ${name}.libvirt.xml && virsh start ${name}`],
    ["xen", `Xen: xl create ${name}.xl.cfg`],
    ["qemu", `QEMU, to try it: sh ${name}.qemu.sh`],
  ] as const;
  return lines
    .filter(([kind]) => intent.hypervisor === "auto" || intent.hypervisor === kind)
    .map(([, line]) => line);
}

/** Steps for the person who reads this at night. The two machines must never run at once: same names, same addresses. */
export function nextSteps(report: Report): readonly string[] {
  const directory = report.destination;
  const { started = null, name } = report;
  if (started?.kind === "login")
    return [
      `${name} runs: its login was there after ${formatSeconds(started.seconds)}. Log in, and look at what it serves.`,
      "Keep the physical machine off: both have the same addresses.",
      `All of it is in ${directory}.`,
    ];
  if (started?.kind === "not-seen")
    return [
      `${name} was started for real, and nobody could log in: ${started.why}`,
      "Look at its console on the host, and shut it down before the physical machine is switched on again.",
    ];
  if (started?.kind === "leaving")
    return [
      `${name} goes on at its host ${started.inSeconds} s after this was written: see ${directory}.start.txt there.`,
      "Never start the server's own system again while it runs: both have the same addresses.",
      `All of it is in ${directory}.`,
    ];
  const start = [
    report.cutover !== null && report.cutover !== undefined
      ? "Never start the server's own system again while the VM runs: both have the same addresses. The live system in its place has them, too: power it off first."
      : `Shut down the physical machine ${report.machine.name === "" ? "" : `(${report.machine.name}) `}for good before the VM starts on the real network: both have the same addresses.`,
    ...startLines(report),
    `All of it is in ${directory}.`,
  ];
  switch (report.outcome.kind) {
    case "booted":
      return start;
    case "booted-but":
      return [
        "Read the differences above; decide whether they matter before the VM replaces the machine.",
        ...start,
      ];
    case "not-booted":
      return [
        "Do not retire the physical machine: this VM was not seen to boot.",
        "Look at the last lines of the console below, and at console.log.",
        ...suspectLinks(report),
        `Start it yourself to look closer: sh ${report.name}.qemu.sh`,
        `After a correction: virt-p2v check ${directory} walks its chain of boot and starts it once more.`,
      ];
    case "not-tried":
      return [
        "Start the VM once before you retire the physical machine: nobody has seen it boot yet.",
        ...start,
      ];
  }
}

export const WAY_BACK: readonly string[] = [
  "The disks of the physical machine are as they were: nothing was written to them.",
  "To go back: shut the VM down, then power the physical machine on.",
  "Never run both at once: they have the same names and addresses.",
  "What the VM wrote in the meantime is on the VM only.",
];
