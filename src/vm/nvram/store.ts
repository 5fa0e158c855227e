// SPDX-License-Identifier: Apache-2.0
// The variable store of QEMU's UEFI firmware (OVMF): variables are put behind those that are there. Pure.
// Source: EDK II, MdePkg/Include/Pi/PiFirmwareVolume.h, MdeModulePkg/Include/Guid/VariableFormat.h.
import { guidField, le, struct } from "../../core/index.ts";

/** `name` in the namespace of the UEFI specification (EFI_GLOBAL_VARIABLE). */
export type Variable = { readonly name: string; readonly value: Uint8Array };

const NV_DATA_VOLUME = "fff12b8d-7696-4c8b-a985-2747075b4f50";
const AUTHENTICATED_STORE = "aaf32c78-947b-439a-a180-2e144ec37792";
const GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/** EFI_FIRMWARE_VOLUME_HEADER. */
const VOLUME = struct({ fileSystem: guidField(16), signature: le.text(40, 4), headerBytes: le.u16(48) });
const VOLUME_BYTES = 128;

/** VARIABLE_STORE_HEADER. */
const STORE = struct({
  signature: guidField(0),
  sizeBytes: le.u32(16),
  format: le.u8(20),
  state: le.u8(21),
  reserved: le.raw(22, 6),
});
const FORMATTED = 0x5a;
const HEALTHY = 0xfe;

/** AUTHENTICATED_VARIABLE_HEADER; the name and the value follow. */
const VARIABLE = struct({
  startId: le.u16(0),
  state: le.u8(2),
  attributes: le.u32(4),
  nameBytes: le.u32(36),
  valueBytes: le.u32(40),
  vendor: guidField(44),
});
const START = 0x55aa;
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
    const nameAt = at + VARIABLE.sizeBytes;
    if (nameAt > store.end) return "it has no room left";
    const { startId, state, nameBytes, valueBytes, vendor } = VARIABLE.read(bytes, at);
    if (startId !== START) break;
    const next = align(nameAt + nameBytes + valueBytes);
    if (count >= MAX_VARIABLES || nameBytes > 4096 || next > store.end)
      return "its variables are not understood";
    const name = bytes.toString("utf16le", nameAt, nameAt + nameBytes).replace(/\0.*$/s, "");
    if (vendor === GLOBAL && names.has(name)) VARIABLE.write(bytes, { state: state & DELETED }, at);
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
  const head = Buffer.alloc(VARIABLE.sizeBytes);
  VARIABLE.write(head, {
    startId: START,
    state: ADDED,
    attributes: ATTRIBUTES,
    nameBytes: text.length,
    valueBytes: value.length,
    vendor: GLOBAL,
  });
  return Buffer.concat([head, text, value]);
}

/** Where variables lie: behind the header of the firmware volume and that of the store. */
function findStore(bytes: Buffer): { readonly start: number; readonly end: number } | string {
  const unknown = "it is not a store of OVMF";
  if (bytes.length < VOLUME_BYTES) return unknown;
  const { fileSystem, signature, headerBytes: at } = VOLUME.read(bytes);
  if (fileSystem !== NV_DATA_VOLUME || signature !== "_FVH") return unknown;
  if (at + STORE.sizeBytes > bytes.length) return unknown;
  const store = STORE.read(bytes, at);
  if (store.signature !== AUTHENTICATED_STORE) return "its variables are of another format";
  if (store.format !== FORMATTED || store.state !== HEALTHY) return "it is not formatted";
  if (store.sizeBytes < STORE.sizeBytes || at + store.sizeBytes > bytes.length) return unknown;
  return { start: align(at + STORE.sizeBytes), end: at + store.sizeBytes };
}
