// SPDX-License-Identifier: Apache-2.0
// Devices of the kernel's device-mapper, by dmsetup. Removed by the scope that made them.
import { rm, symlink } from "node:fs/promises";
import { UserError } from "../../core/index.ts";
import { isErrno } from "../files.ts";
import { run, RunError } from "../programs/run.ts";

export interface MappedDevice extends AsyncDisposable {
  readonly name: string;
  /** `/dev/mapper/NAME` */
  readonly path: string;
}

/** A target over `sectors` sectors of 512 bytes; `table` as in dmsetup(8) after start and length. */
export type MapperTarget = { readonly sectors: number; readonly table: string };

/**
 * Targets one after the other make the device. udev is left out of it: its rules would
 * open the device to probe it, and hold it when we want to let go.
 */
export async function createMapped(
  name: string,
  options: { targets: readonly MapperTarget[]; readOnly: boolean; signal: AbortSignal },
): Promise<MappedDevice> {
  const { targets, readOnly, signal } = options;
  const argv = ["dmsetup", "create", name, "--noudevrules", "--noudevsync"];
  if (readOnly) argv.push("--readonly");
  await run(argv, { input: renderTable(targets), signal, timeoutMs: 60_000 });
  await makeLink(name);
  let there = true;
  return {
    name,
    path: pathOf(name),
    async [Symbol.asyncDispose]() {
      if (!there) return;
      await removeMapped(name);
      there = false;
    },
  };
}

/** A line each: start, length, target. */
export function renderTable(targets: readonly MapperTarget[]): string {
  let start = 0;
  return targets
    .map(({ sectors, table }) => {
      const line = `${start} ${sectors} ${table}\n`;
      start += sectors;
      return line;
    })
    .join("");
}

const pathOf = (name: string): string => `/dev/mapper/${name}`;

/** Where udev runs, dmsetup leaves the link to it; and we had told udev to keep away. */
async function makeLink(name: string): Promise<void> {
  const argv = ["dmsetup", "info", "--columns", "--noheadings", "-o", "blkdevname", name];
  const device = (await run(argv, { timeoutMs: 20_000 })).stdout.trim();
  if (!/^dm-\d+$/.test(device)) throw new Error(`dmsetup calls ${name} "${device}"`);
  await symlink(`../${device}`, pathOf(name)).catch((error: unknown) => {
    if (!isErrno(error, "EEXIST")) throw error;
  });
}

/** RunError while somebody has it open; udev may for a moment, so a few tries are made. */
export async function removeMapped(name: string): Promise<void> {
  await run(["dmsetup", "remove", "--retry", "--noudevsync", name], { timeoutMs: 60_000 });
  await rm(pathOf(name), { force: true });
}

/** Names of all mapped devices; [] where the kernel has no device-mapper. */
export async function listMapped(): Promise<readonly string[]> {
  try {
    const { stdout } = await run(["dmsetup", "ls"], { timeoutMs: 20_000 });
    return parseMappedNames(stdout);
  } catch (error) {
    if (error instanceof RunError || isNotInstalled(error)) return [];
    throw error;
  }
}

/** `NAME\t(254:0)` or `(254, 0)` a line; `No devices found`. */
export function parseMappedNames(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => /^(\S+)\s+\(\d+[:,]/.exec(line)?.[1] ?? []);
}

/** Status of the only target, after start and length: `snapshot 16/2048 8`. */
export async function mappedStatus(name: string): Promise<string> {
  const { stdout } = await run(["dmsetup", "status", name], { timeoutMs: 20_000 });
  return stdout.trim().replace(/^\d+ \d+ /, "");
}

/** Does this kernel have these targets? Modules are loaded where there are any. */
export async function hasMapperTargets(targets: readonly string[]): Promise<boolean> {
  try {
    await run(["modprobe", "-q", "-a", "dm-mod", "dm-snapshot", "dm-crypt", "dm-raid"], {
      allowCodes: [1],
      timeoutMs: 20_000,
    });
    const { stdout } = await run(["dmsetup", "targets"], { timeoutMs: 20_000 });
    return targets.every((target) => new RegExp(`^${target}\\s`, "m").test(stdout));
  } catch (error) {
    if (error instanceof RunError || isNotInstalled(error)) return false;
    throw error;
  }
}

const isNotInstalled = (error: unknown): boolean =>
  error instanceof UserError && error.code === "program-missing";
