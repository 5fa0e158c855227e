// SPDX-License-Identifier: Apache-2.0
// The variable store of QEMU's UEFI firmware (OVMF): variables are put behind those that are there. Pure.
// Source: EDK II, MdePkg/Include/Pi/PiFirmwareVolume.h, MdeModulePkg/Include/Guid/VariableFormat.h.
import { guidBytes } from "./load-option.ts";

/** `name` in the namespace of the UEFI specification (EFI_GLOBAL_VARIABLE). */
export type Variable = { readonly name: string; readonly value: Uint8Array };

const NV_DATA_VOLUME = guidBytes("fff12b8d-7696-4c8b-a985-2747075b4f50");
const AUTHENTICATED_STORE = guidBytes("aaf32c78-947b-439a-a180-2e144ec37792");
const GLOBAL = guidBytes("8be4df61-93ca-11d2-aa0d-00e098032b8c");

const STORE_HEADER_BYTES = 28;
const VARIABLE_HEADER_BYTES = 60;
const START = 0x55aa;
const FORMATTED = 0x5a;
const HEALTHY = 0xfe;
/** Written and valid; these two bits are cleared when it is deleted. */
const ADDED = 0x3f;
const DELETED = 0xfd;
/** Non-volatile, seen by the boot services and at runtime. */
const ATTRIBUTES = 7;
const MAX_VARIABLES = 4096;

/** The image of a store with `variables` in it instead of older ones of their names. A text: why it cannot be. */
export function putVariables(image: Uint8Array, variables: readonly Variable[]): Uint8Array | string {
  const bytes = Buffer.from(image);
  const store = findStore(bytes);
  if (typeof store === "string") return store;
  const names = new Set(variables.map(({ name }) => name));
  let at = store.start;
  for (let count = 0; ; count += 1) {
    if (at + VARIABLE_HEADER_BYTES > store.end) return "it has no room left";
    if (bytes.readUInt16LE(at) !== START) break;
    const [nameBytes, valueBytes] = [bytes.readUInt32LE(at + 36), bytes.readUInt32LE(at + 40)];
    const next = align(at + VARIABLE_HEADER_BYTES + nameBytes + valueBytes);
    if (count >= MAX_VARIABLES || nameBytes > 4096 || next > store.end)
      return "its variables are not understood";
    const nameAt = at + VARIABLE_HEADER_BYTES;
    const name = bytes.toString("utf16le", nameAt, nameAt + nameBytes).replace(/\0.*$/s, "");
    const isGlobal = bytes.subarray(at + 44, at + 60).equals(GLOBAL);
    if (isGlobal && names.has(name)) bytes[at + 2] = (bytes[at + 2] ?? 0) & DELETED;
    at = next;
  }
  for (const byte of bytes.subarray(at, store.end))
    if (byte !== 0xff) return "what follows its variables is not free";
  for (const variable of variables) {
    const record = renderVariable(variable);
    if (at + record.length > store.end) return "it has no room left";
    record.copy(bytes, at);
    at = align(at + record.length);
  }
  return bytes;
}

const align = (at: number): number => Math.ceil(at / 4) * 4;

function renderVariable({ name, value }: Variable): Buffer {
  const text = Buffer.from(`${name}\0`, "utf16le");
  const head = Buffer.alloc(VARIABLE_HEADER_BYTES);
  head.writeUInt16LE(START, 0);
  head[2] = ADDED;
  head.writeUInt32LE(ATTRIBUTES, 4);
  head.writeUInt32LE(text.length, 36);
  head.writeUInt32LE(value.length, 40);
  GLOBAL.copy(head, 44);
  return Buffer.concat([head, text, value]);
}

/** Where variables lie: behind the header of the firmware volume and that of the store. */
function findStore(bytes: Buffer): { readonly start: number; readonly end: number } | string {
  const unknown = "it is no store of OVMF";
  if (bytes.length < 128 || !bytes.subarray(16, 32).equals(NV_DATA_VOLUME)) return unknown;
  if (bytes.toString("latin1", 40, 44) !== "_FVH") return unknown;
  const at = bytes.readUInt16LE(48);
  if (at + STORE_HEADER_BYTES > bytes.length) return unknown;
  if (!bytes.subarray(at, at + 16).equals(AUTHENTICATED_STORE)) return "its variables are of another format";
  const sizeBytes = bytes.readUInt32LE(at + 16);
  if (bytes[at + 20] !== FORMATTED || bytes[at + 21] !== HEALTHY) return "it is not formatted";
  if (sizeBytes < STORE_HEADER_BYTES || at + sizeBytes > bytes.length) return unknown;
  return { start: align(at + STORE_HEADER_BYTES), end: at + sizeBytes };
}
