// SPDX-License-Identifier: Apache-2.0
// Whether the VM of a running server can live where it goes: asked before the server is stopped, as a migration asks it before
// the copy.
import type { Host, Preview, Problem } from "../../../core/index.ts";
import {
  type Answers,
  checkFit,
  choosePlace,
  fitDirectory,
  settleHypervisor,
  vmOnHost,
} from "../../../plan/index.ts";
import { askDirectory } from "../../destination/directory.ts";
import { askHost } from "../../destination/host.ts";
import { checkVolumes } from "../../destination/volumes.ts";

type Options = {
  readonly answers: Answers;
  /** Of files alone; null: what the VM is, is not known. */
  readonly preview: Preview | null;
  readonly signal: AbortSignal;
};

/** The plan as this host makes it, and what stands in its way. */
export async function fitThere(
  { host, directory }: { readonly host: Host; readonly directory: string },
  { answers, preview, signal }: Options,
): Promise<{ readonly preview: Preview | null; readonly problems: readonly Problem[] }> {
  const there = await askDirectory(host, directory, { signal });
  // What is there already is not sent again; how much that is, the copy will know.
  const { problems, goesOn } = fitDirectory(there, { ...answers, usedBytes: 0 });
  if (preview === null) return { preview, problems };
  const { intent: asked, guest } = preview;
  const facts = await askHost(host, { answers, signal });
  const hypervisor = settleHypervisor(answers.hypervisor, facts);
  const intent = { ...asked, hypervisor };
  const vm = vmOnHost(preview.vm, { hypervisor, facts, guest, storage: intent.storage });
  const place = choosePlace(vm, { hypervisor, facts, host: answers.host });
  const ours = intent.replace || intent.update || goesOn !== null;
  const fit = facts === null ? [] : checkFit(facts, { hypervisor, vm, place, ours });
  const volumes = await checkVolumes(host, { ...intent, directory, goesOn, isHere: false, signal });
  return { preview: { ...preview, intent, vm, place }, problems: [...problems, ...volumes, ...fit] };
}
