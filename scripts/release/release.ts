// SPDX-License-Identifier: Apache-2.0
// What all parts of a release share: version, time, where it goes. The version is package.json's, and no other.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "../../src/iso/index.ts";
import { run } from "../../src/system/index.ts";

export type Release = {
  readonly version: string;
  /** All times inside the artifacts, in seconds since 1970. */
  readonly epoch: number;
  /** Where the artifacts go; it is there. */
  readonly out: string;
  /** Empty, and removed by whoever made it. */
  readonly scratch: string;
  /** `quick`, for tests: the same but for how well it is compressed. */
  readonly packing: "small" | "quick";
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

export async function readVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(REPOSITORY, "package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

/** SOURCE_DATE_EPOCH, else the time of the commit: the same sources make the same bytes, whenever that is. */
export async function readReleaseEpoch(signal: AbortSignal): Promise<number> {
  const given = process.env["SOURCE_DATE_EPOCH"] ?? "";
  const text =
    given === ""
      ? (await run(["git", "-C", REPOSITORY, "log", "-1", "--format=%ct"], { signal })).stdout.trim()
      : given;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`"${text}" is not a number of seconds (SOURCE_DATE_EPOCH)`);
  return Number(text);
}

export const ARTIFACTS = {
  deb: (version: string) => `virt-p2v_${version}_amd64.deb`,
  portable: (version: string) => `virt-p2v-${version}-linux-x86_64`,
  npm: (version: string) => `virt-p2v-${version}.tgz`,
  iso: (version: string) => `virt-p2v-${version}.iso`,
} as const satisfies Readonly<Record<string, (version: string) => string>>;

export type Artifact = keyof typeof ARTIFACTS;
