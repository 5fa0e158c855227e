// SPDX-License-Identifier: Apache-2.0
// How full each file system was, as df said it (POSIX: df -P). Pure.

export type Space = {
  /** `/dev/sda1`, `/dev/mapper/vg-root`. */
  readonly source: string;
  readonly mount: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** null: the file system has no fixed number of inodes, or df did not say. */
  readonly freeInodes: number | null;
};

const MAX_LINES = 1000;
const LINE = /^(\S{1,1024}) +(\d{1,16}|-) +(\d{1,16}|-) +(-?\d{1,16}|-) +(?:\d{1,4}%|-) +(\/.{0,1024})$/;

type Row = { source: string; mount: string; total: number; used: number; free: number };

/** `blocks`: of df -P -k; `inodes`: of df -P -i. Lines that are none are left out. */
export function parseSpaces(blocks: string, inodes: string): readonly Space[] {
  const counts = new Map(rows(inodes).map((row) => [row.mount, row]));
  return rows(blocks).map(({ source, mount, total, used, free }) => {
    const nodes = counts.get(mount);
    return {
      source,
      mount,
      sizeBytes: total * 1024,
      usedBytes: used * 1024,
      freeBytes: free * 1024,
      freeInodes: nodes === undefined || nodes.total === 0 ? null : nodes.free,
    };
  });
}

function rows(text: string): readonly Row[] {
  return text.split("\n", MAX_LINES).flatMap((line) => {
    const [, source = "", total = "", used = "", free = "", mount = ""] = LINE.exec(line) ?? [];
    if (mount === "") return [];
    const number = (digits: string): number => {
      const value = Number(digits === "-" ? 0 : digits);
      return Number.isSafeInteger(value * 1024) ? Math.max(0, value) : 0;
    };
    return [{ source, mount, total: number(total), used: number(used), free: number(free) }];
  });
}
