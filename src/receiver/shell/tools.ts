// SPDX-License-Identifier: Apache-2.0
// What the programs of a host can do. Pure.

export type Codec = "none" | "zstd" | "gzip";

export type Tools = {
  /** Prints the SHA-256 of its stdin, first. */
  readonly hash: string;
  /** What it can unpack; best first. */
  readonly codecs: readonly Codec[];
  /** GNU's dd: it leaves holes, and reads past the page cache. */
  readonly gnu: boolean;
};

/** A word for each thing that is there. */
export const PROBE = [
  "for p in openssl sha256sum shasum zstd gzip od stat; do if command -v $p >/dev/null; then echo $p; fi; done",
  "if dd --version 2>/dev/null | head -n 1 | grep -q coreutils; then echo gnu; fi; true",
].join("; ");

const HASHES: Readonly<Record<string, string>> = {
  openssl: "openssl dgst -sha256 -r", // four times as fast as coreutils
  sha256sum: "sha256sum",
  shasum: "shasum -a 256",
};

/** null: without these it cannot be done. */
export function parseTools(lines: readonly string[]): Tools | null {
  const has = (name: string): boolean => lines.includes(name);
  const hash = Object.entries(HASHES).find(([name]) => has(name))?.[1];
  if (hash === undefined || !has("od") || !has("stat")) return null;
  const packers = (["zstd", "gzip"] as const).filter(has);
  return { hash, codecs: [...packers, "none"], gnu: has("gnu") };
}
