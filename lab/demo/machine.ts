// SPDX-License-Identifier: Apache-2.0
// The demo machine: the disk of `aurora`, an aged Debian 12 server, built once and kept by its recipe.
import { readFile } from "node:fs/promises";
import { UserError } from "../../src/core/index.ts";
import { cached } from "../cache.ts";
import { buildDemoDisk } from "./build.ts";
import { DEMO_PACKAGES, buildDemoSystem, readMirror } from "./system.ts";

export type DemoOptions = { readonly signal: AbortSignal; readonly onProgress?: (text: string) => void };

const source = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/**
 * Path of the raw image (6 GiB, sparse): copy it with `cp --sparse=always --reflink=auto`, or only read it.
 * MBR: sda1 ext4 root, sda5 (logical) swap; BIOS GRUB; everything names /dev/sda; no virtio in the initramfs;
 * network by ifupdown on enp3s0; root's password is `p2v`; login on tty1 only.
 */
export async function demoDisk({ signal, onProgress }: DemoOptions): Promise<string> {
  if (process.getuid?.() !== 0)
    throw new UserError("not-root", "The demo machine's disk is built with mounts and loop devices", {
      advice: "Run it as root",
    });
  const say = onProgress === undefined ? {} : { onProgress };
  const system = await source("system.ts");
  const others = ["build.ts", "files.ts", "../noise.ts"].map(source);
  const disk = [system, ...(await Promise.all(others))];
  return cached({
    name: "demo-disk",
    recipe: disk,
    signal,
    ...say,
    async build(path, options) {
      const mirror = await readMirror();
      const tar = await cached({
        name: "demo-system",
        recipe: [system, ...DEMO_PACKAGES],
        ...options,
        ...say,
        build: (aside, inner) => buildDemoSystem(aside, { mirror, ...inner }),
      });
      await buildDemoDisk(path, { systemTar: tar, ...options, ...say });
    },
  });
}
