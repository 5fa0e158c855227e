// SPDX-License-Identifier: Apache-2.0
// Where an answer file comes from at boot: p2v.config=PATH or URL, else a stick labelled P2V, else the one on the image; and which
// machine this is.
import { UserError } from "../../core/index.ts";
import { inspectDisks, inspectThisMachine, localDisks } from "../../job/index.ts";
import { readBounded } from "../../system/index.ts";
import {
  type AnswerFile,
  answersFor,
  asksForHostname,
  type FileAnswers,
  type MachineIdentifiers,
  parseAnswerFile,
} from "../settings/index.ts";
import { findStick } from "./live/stick.ts";

/** Put there by iso build --config. */
const ANSWERS_ON_IMAGE = "/etc/virt-p2v/answers.yaml";
const MAX_BYTES = 2 ** 20;

/** No answers where nothing was asked for and the image has none. UserError `host` when an address does not answer. */
export async function readAnswers(
  config: string | null,
  { signal, onImage = ANSWERS_ON_IMAGE }: { signal: AbortSignal; onImage?: string },
): Promise<FileAnswers> {
  const stick = await findStick(signal);
  const onStick = stick === null ? null : `${stick}/answers.yaml`;
  const given = config ?? (onStick !== null && (await readText(onStick)) !== null ? onStick : null);
  const name = given ?? onImage;
  const text = /^https?:\/\//.test(name) ? await download(name, signal) : await readText(name);
  if (text === null && config === null) return new Map();
  if (text === null)
    throw new UserError("answers-missing", `There is no answer file ${name}`, {
      advice: "Give p2v.config= the path or http(s) address of a file of at most 1 MiB",
    });
  const file = parseAnswerFile(text, name);
  return answersFor(file, await identifiers(file, signal), name);
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readBounded(path, { maxBytes: MAX_BYTES }))?.toString("utf8") ?? null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError("answers-too-long", error.message, {
      advice: "Give an answer file of at most 1 MiB",
      cause: error,
    });
  }
}

async function identifiers(file: AnswerFile, signal: AbortSignal): Promise<MachineIdentifiers> {
  const { machine } = await inspectThisMachine({ sysroot: null, signal });
  const dmi = machine.dmi.kind === "known" ? machine.dmi.value : null;
  return {
    serial: dmi?.serial ?? null,
    uuid: dmi?.uuid ?? null,
    macs: machine.nics.map(({ mac }) => mac),
    hostname: asksForHostname(file) ? await installedHostname(signal) : null,
  };
}

/** Disks that cannot be understood have no name; what ails them is reported by the plan. */
async function installedHostname(signal: AbortSignal): Promise<string | null> {
  try {
    const { guest } = await inspectDisks(await localDisks({ signal }), { signal, emit: () => undefined });
    return guest?.hostname ?? null;
  } catch (error) {
    if (!(error instanceof UserError) || signal.aborted) throw error;
    return null;
  }
}

async function download(address: string, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  try {
    const response = await fetch(address, { signal: limit });
    if (!response.ok) throw new Error(`the server says ${response.status}`);
    const parts: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const part of response.body ?? []) {
      const bytes = part as Uint8Array;
      sizeBytes += bytes.length;
      if (sizeBytes > MAX_BYTES) throw new Error("it is longer than 1 MiB");
      parts.push(bytes);
    }
    return Buffer.concat(parts).toString("utf8");
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("answers-not-fetched", `${address} cannot be fetched: ${words}`, {
      advice: "Check the address and the network",
      cause: error,
    });
  }
}
