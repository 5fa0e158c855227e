// SPDX-License-Identifier: Apache-2.0
// Where keys of crypttab lie: in a file, on a device (crypttab(5) of systemd and of Debian, with its keyscript passdev), and
// detached headers likewise. Pure.
import type { CrypttabLine } from "../../../core/index.ts";

export type KeyPlace =
  /** `at`: where the device stands in the field; `asPath`: only a path is understood there. */
  | { readonly kind: "device"; readonly at: number; readonly spec: string; readonly asPath: boolean }
  | { readonly kind: "file"; readonly path: string };

/** `/keys/web:LABEL=STICK` */
const ON_DEVICE = /^(\/[^:]*:)((?:UUID|LABEL|PARTUUID|PARTLABEL)=.+|\/dev\/.+)$/;
/** Sources of keys that every system has, or makes at boot. */
const ALWAYS = /^\/(?:dev\/(?:u|h|hw)?random|dev\/(?:null|zero)|run\/.*|proc\/.*|tmp\/.*)$/;

/** null: it is asked for, made at each boot, or a script of the guest's own knows. */
export function placeOfKey({ key, options }: CrypttabLine): KeyPlace | null {
  const script = options.find((option) => option.startsWith("keyscript="));
  if (script !== undefined) {
    const [device = ""] = /(?:^|\/)passdev$/.test(script.slice(10)) ? key.split(":", 1) : [];
    return device.startsWith("/dev/") ? { kind: "device", at: 0, spec: device, asPath: true } : null;
  }
  return placeOf(key);
}

/** Of a header that does not lie on the volume itself. */
export function placeOfHeader({ options }: CrypttabLine): KeyPlace | null {
  const header = options.find((option) => option.startsWith("header="));
  return header === undefined ? null : placeOf(header.slice(7));
}

function placeOf(value: string): KeyPlace | null {
  if (!value.startsWith("/") || ALWAYS.test(value)) return null;
  const [, before, spec] = ON_DEVICE.exec(value) ?? [];
  if (before !== undefined && spec !== undefined)
    return { kind: "device", at: before.length, spec, asPath: false };
  return value.startsWith("/dev/")
    ? { kind: "device", at: 0, spec: value, asPath: true }
    : { kind: "file", path: value };
}
