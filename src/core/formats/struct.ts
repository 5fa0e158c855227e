// SPDX-License-Identifier: Apache-2.0
// Structures as they lie on disks and in firmware: fields with names, places and types, read and written by name. A layout is
// data; where it comes from stands above it. Pure.

/** One field; `base` is where its structure begins. */
export type Field<T> = {
  /** The first byte behind it, counted from the structure's beginning. */
  readonly end: number;
  readonly get: (view: DataView, base: number) => T;
  readonly set: (view: DataView, base: number, value: T) => void;
};

type AnyField = Omit<Field<unknown>, "set"> & Pick<Field<never>, "set">;
type Fields = Readonly<Record<string, AnyField>>;
type Values<F extends Fields> = { readonly [Name in keyof F]: ReturnType<F[Name]["get"]> };

export type Struct<F extends Fields> = {
  /** Up to the end of its last field. */
  readonly sizeBytes: number;
  /** One by one, for loops over millions. */
  readonly fields: F;
  /** Reading beyond the end of `bytes` is a RangeError: check the length first. */
  readonly read: (bytes: Uint8Array | DataView, base?: number) => Values<F>;
  /** Other bytes stay as they are. */
  readonly write: (bytes: Uint8Array, values: Partial<Values<F>>, base?: number) => void;
};

/** What a struct is read to. */
export type ValuesOf<S> = S extends Struct<infer F> ? Values<F> : never;

export function struct<F extends Fields>(fields: F): Struct<F> {
  const entries: readonly (readonly [string, AnyField])[] = Object.entries(fields);
  return {
    sizeBytes: Math.max(0, ...entries.map(([, { end }]) => end)),
    fields,
    read(bytes, base = 0) {
      const view = bytes instanceof DataView ? bytes : dataView(bytes);
      const values: Record<string, unknown> = {};
      for (const [name, { get }] of entries) values[name] = get(view, base);
      return values as Values<F>;
    },
    write(bytes, values, base = 0) {
      const view = dataView(bytes);
      for (const [name, value] of Object.entries(values)) fields[name]?.set(view, base, value as never);
    },
  };
}

/** A DataView over exactly these bytes. */
export function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type FieldTypes = {
  readonly u8: (at: number) => Field<number>;
  readonly u16: (at: number) => Field<number>;
  readonly u32: (at: number) => Field<number>;
  readonly i32: (at: number) => Field<number>;
  readonly u64: (at: number) => Field<bigint>;
  /** 64 bits as a number. NaN beyond what a double counts: every comparison with it fails. */
  readonly count64: (at: number) => Field<number>;
  /** The bytes themselves, not a copy. */
  readonly raw: (at: number, length: number) => Field<Uint8Array>;
  /** Latin-1, up to the first zero byte. */
  readonly text: (at: number, length: number) => Field<string>;
};

function fieldTypes(little: boolean): FieldTypes {
  const raw: FieldTypes["raw"] = (at, length) => ({
    end: at + length,
    get: (view, base) => bytesOf(view, base + at, length),
    set: (view, base, value) => {
      if (value.length > length) throw new RangeError(`${value.length} bytes for a field of ${length}`);
      const place = bytesOf(view, base + at, length);
      place.fill(0, value.length);
      place.set(value);
    },
  });
  return {
    raw,
    text: (at, length) => ({
      end: at + length,
      get: (view, base) => {
        const bytes = bytesOf(view, base + at, length);
        const end = bytes.indexOf(0);
        return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("latin1");
      },
      set: (view, base, value) => raw(at, length).set(view, base, Buffer.from(value, "latin1")),
    }),
    u8: (at) => ({
      end: at + 1,
      get: (view, base) => view.getUint8(base + at),
      set: (view, base, value) => view.setUint8(base + at, value),
    }),
    u16: (at) => ({
      end: at + 2,
      get: (view, base) => view.getUint16(base + at, little),
      set: (view, base, value) => view.setUint16(base + at, value, little),
    }),
    u32: (at) => ({
      end: at + 4,
      get: (view, base) => view.getUint32(base + at, little),
      set: (view, base, value) => view.setUint32(base + at, value, little),
    }),
    i32: (at) => ({
      end: at + 4,
      get: (view, base) => view.getInt32(base + at, little),
      set: (view, base, value) => view.setInt32(base + at, value, little),
    }),
    u64: (at) => ({
      end: at + 8,
      get: (view, base) => view.getBigUint64(base + at, little),
      set: (view, base, value) => view.setBigUint64(base + at, value, little),
    }),
    count64: (at) => ({
      end: at + 8,
      get: (view, base) => {
        const value = view.getBigUint64(base + at, little);
        return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(value);
      },
      set: (view, base, value) => view.setBigUint64(base + at, BigInt(value), little),
    }),
  };
}

/** Numbers with the lowest byte first. */
export const le = fieldTypes(true);
/** Numbers with the highest byte first. */
export const be = fieldTypes(false);

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength) throw new RangeError("A field lies outside of its bytes");
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
