// SPDX-License-Identifier: Apache-2.0
// Welcome: what was found on this machine.
import { formatBytes, type Known, type Machine } from "../../../core/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import type { WizardState } from "../state.ts";

export const welcome: Page = {
  name: "welcome",
  help: "virt-p2v turns this machine into a virtual one on a host of yours. It asks a few questions, shows a plan, and begins only when you say so. The disks of this machine are never written: not by the questions, not by the plan, not by the migration.\n\nBack leads to the page before, Esc asks whether to leave; what you answered is kept. Each page has its own help.",
  applies: () => true,
  box: ({ machine, disks, now, missingFirmware, inMemory }) => ({
    kind: "text",
    title: "Welcome",
    back: "Leave",
    text: `${paragraphs("This machine becomes a virtual one on your own host. Nothing is ever written to its disks. This was found:")}\n\n${found(machine, { disks: disks.length, now, missingFirmware })}${inMemory ? `\n\n${IN_MEMORY}` : ""}`,
  }),
  take: (state) => state,
};

const IN_MEMORY = "All of virt-p2v is in memory: the medium may be taken out.";

const show = <T>(fact: Known<T>, text: (value: T) => string): string =>
  fact.kind === "known" ? text(fact.value) : "not known";

/** 1 January 2026: this program is younger. */
const YOUNGER_THAN = Date.UTC(2026, 0, 1);

/** After an empty battery a clock begins at some year long ago. */
function clock(now: Date): string {
  const text = `${now.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return now.getTime() < YOUNGER_THAN ? `${text}: wrong; the battery may be empty` : text;
}

function found(
  machine: Machine,
  { disks, now, missingFirmware }: Pick<WizardState, "now" | "missingFirmware"> & { disks: number },
): string {
  const { dmi, cpu, memoryBytes, firmware, nics } = machine;
  const undriven = machine.controllers.filter(({ driver }) => driver === null);
  const lines: (readonly [string, string])[] = [
    [
      "Machine",
      show(dmi, ({ vendor, product, serial }) =>
        [vendor, product, serial === null ? null : `serial ${serial}`]
          .filter((one) => one !== null)
          .join(", "),
      ),
    ],
    [
      "Firmware",
      show(firmware, (value) =>
        value.kind === "bios" ? "BIOS" : `UEFI, Secure Boot ${value.secureBoot ? "on" : "off"}`,
      ),
    ],
    ["CPU", show(cpu, ({ model, threads }) => `${show(model, String)}, ${show(threads, String)} threads`)],
    ["Clock", clock(now)],
    ["Memory", show(memoryBytes, formatBytes)],
    ["Disks", `${disks} that can be taken`],
    ...nics.map(
      ({ name, mac, carrier, speedMbit }) =>
        ["Network", `${name} ${mac}, ${link(carrier, speedMbit)}`] as const,
    ),
    ...undriven.map(
      ({ kind, id, address }) => ["No driver", `${kind} controller ${id} at ${address}: not used`] as const,
    ),
    ...missingFirmware.map(
      ({ driver, device, file }) => ["No firmware", `${file}, for ${device} (${driver})`] as const,
    ),
  ];
  return lines
    .map(([head, text], index) => `${(lines[index - 1]?.[0] === head ? "" : head).padEnd(13)}${text}`)
    .join("\n");
}

const link = (carrier: boolean | null, speedMbit: number | null): string =>
  carrier === true
    ? `link${speedMbit === null ? "" : ` ${speedMbit} Mbit/s`}`
    : carrier === false
      ? "no link"
      : "link not known";
