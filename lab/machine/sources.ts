// SPDX-License-Identifier: Apache-2.0
// What every machine's disk depends on, for the recipe that it is kept by.
import { readFile } from "node:fs/promises";

const SHARED = ["build.ts", "disk.ts", "install.ts", "files.ts", "grub.ts", "esp.ts"];

export const readMachineSources = (): Promise<readonly string[]> =>
  Promise.all(SHARED.map((name) => readFile(new URL(name, import.meta.url), "utf8")));
