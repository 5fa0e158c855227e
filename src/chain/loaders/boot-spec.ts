// SPDX-License-Identifier: Apache-2.0
// Boot Loader Specification (UAPI.1): one file each entry, sorted by version, the newest first. Pure.

export type SpecEntry = {
  readonly title: string;
  readonly kernel: string | null;
  /** An EFI program instead of a kernel: a unified image. */
  readonly efi: string | null;
  readonly options: string;
  readonly initramfs: readonly string[];
  /** Of GRUB's own: who may start it; empty: all. */
  readonly users: string;
};

export function parseEntry(text: string): SpecEntry {
  const values = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [, key = "", value = ""] = /^[ \t]*([A-Za-z_-]+)[ \t]+(.*?)[ \t\r]*$/.exec(line) ?? [];
    if (key !== "") values.set(key, [...(values.get(key) ?? []), value]);
  }
  const first = (key: string): string | null => values.get(key)?.[0] ?? null;
  return {
    title: first("title") ?? "",
    kernel: first("linux"),
    efi: first("efi") ?? first("uki"),
    options: (values.get("options") ?? []).join(" "),
    users: first("grub_users") ?? "",
    initramfs: (values.get("initrd") ?? []).flatMap((value) => value.split(/\s+/)),
  };
}

/** By file name, as GRUB's blscfg and systemd-boot do: numbers by value, the newest first. */
export const sortEntries = (names: readonly string[]): readonly string[] =>
  names.toSorted((a, b) => compare(b, a));

/** 5.14.0-70 is newer than 5.14.0-9 (rpmvercmp, strverscmp). */
function compare(a: string, b: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|[a-z]+/gi) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const isNumber = /^\d/.test(part);
    if (isNumber !== /^\d/.test(other)) return isNumber ? 1 : -1;
    const order = isNumber ? Number(part) - Number(other) : part < other ? -1 : part > other ? 1 : 0;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
