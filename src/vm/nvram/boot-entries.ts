// SPDX-License-Identifier: Apache-2.0
// The old machine's boot menu in the VM's firmware: its entries and their order, put into a copy of the host's empty store.
import type { Host, VmModel } from "../../core/index.ts";
import type { FirmwareFiles } from "../define/firmware.ts";
import { renderBootOrder, renderLoadOption } from "./load-option.ts";
import { putVariables, type Variable } from "./store.ts";

/** The largest store that any firmware for QEMU has is 4 MiB. */
const MAX_STORE_BYTES = 16 * 2 ** 20;

/** Pure. Entries keep their order, and get new numbers. */
export function bootVariables({ bootEntries = [] }: Pick<VmModel, "bootEntries">): readonly Variable[] {
  const name = (number: number): string => `Boot${number.toString(16).toUpperCase().padStart(4, "0")}`;
  const options = bootEntries.map((entry, number) => ({
    name: name(number),
    value: renderLoadOption(entry),
  }));
  return [...options, { name: "BootOrder", value: renderBootOrder(bootEntries.map((_, number) => number)) }];
}

type Options = {
  readonly vm: VmModel;
  /** An empty store on the host. */
  readonly template: FirmwareFiles["vars"];
  /** Where the VM's own goes there. */
  readonly to: string;
};

/** null: done. A text: why not; then the VM begins with an empty menu, and finds its loader by the fallback path. */
export async function writeBootEntries(host: Host, { vm, template, to }: Options): Promise<string | null> {
  const empty = await host.readFile(template, { maxBytes: MAX_STORE_BYTES }).catch(() => null);
  if (empty === null) return `${template} cannot be read`;
  const filled = putVariables(empty, bootVariables(vm));
  if (typeof filled === "string") return `${template}: ${filled}`;
  await host.writeFile(to, filled, { mode: 0o600 });
  return null;
}
