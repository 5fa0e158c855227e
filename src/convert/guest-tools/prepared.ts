// SPDX-License-Identifier: Apache-2.0
// An initramfs that was built before the server went down, for the plan that is made after: used where all that it was made of is
// unchanged, else built again.
import { createHash } from "node:crypto";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { readBounded } from "../../system/index.ts";
import { MAX_INITRAMFS_BYTES } from "../initramfs/read.ts";
import { changedPlaces, type MadeOf, readMadeOf } from "./made-of.ts";
import type { BuiltKernel, GuestTools } from "./tools.ts";

const ENTRY = z.object({
  format: z.literal("prepared-initramfs/1"),
  madeOf: z.record(z.string().max(256), z.string().max(64)),
  sha256: z.string().length(64),
  notes: z.array(z.string().max(1000)).max(10),
});

type Where = {
  /** Of prepared files. */
  readonly directory: string;
  /** Where the guest is mounted. */
  readonly root: string;
};

const imageIn = (directory: string, { version }: BuiltKernel): string => join(directory, `initrd-${version}`);
const noteIn = (directory: string, { version }: BuiltKernel): string => join(directory, `${version}.json`);

/** What `tools` build is kept in `directory`, too. */
export function keepBuilt(tools: GuestTools, { directory, root }: Where): GuestTools {
  return {
    ...tools,
    async buildInitramfs(request, use) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Before: what is written while it is built makes it old.
      const madeOf = new Map<string, MadeOf | null>();
      for (const kernel of request.kernels)
        madeOf.set(kernel.version, await readMadeOf(request, { kernel, root }));
      await tools.buildInitramfs(request, async (version, built) => {
        const kernel = request.kernels.find((one) => one.version === version);
        const of = madeOf.get(version) ?? null;
        if (built.kind === "built" && kernel !== undefined && of !== null) {
          await copyFile(built.path, imageIn(directory, kernel));
          const sha256 = await hashOf(imageIn(directory, kernel));
          const entry = { madeOf: of, sha256: sha256 ?? "", notes: [...built.notes] };
          await writeFile(
            noteIn(directory, kernel),
            JSON.stringify({ format: "prepared-initramfs/1", ...entry }),
          );
        }
        await use(version, built);
      });
    },
  };
}

/** `tools`, but for what lies in `directory` and fits. `say`: what became of each. */
export function usePrepared(
  tools: GuestTools,
  { directory, root, say }: Where & { readonly say: (text: string) => void },
): GuestTools {
  return {
    ...tools,
    async buildInitramfs(request, use) {
      const rest: BuiltKernel[] = [];
      for (const kernel of request.kernels) {
        const found = await readPrepared(directory, kernel);
        if (found === null) {
          rest.push(kernel);
          continue;
        }
        const now = await readMadeOf(request, { kernel, root });
        const changed = now === null ? ["too many files to tell"] : changedPlaces(found.madeOf, now);
        if (changed.length === 0) {
          say(`The initramfs of ${kernel.version} is the one that was made before the jump`);
          await use(kernel.version, {
            kind: "built",
            path: imageIn(directory, kernel),
            notes: found.notes,
          });
          continue;
        }
        say(
          `The initramfs of ${kernel.version} is made again: changed since it was made: ${changed.join(", ")}`,
        );
        rest.push(kernel);
      }
      if (rest.length > 0) await tools.buildInitramfs({ ...request, kernels: rest }, use);
    },
  };
}

async function readPrepared(directory: string, kernel: BuiltKernel): Promise<z.infer<typeof ENTRY> | null> {
  const text = await readBounded(noteIn(directory, kernel), { maxBytes: 2 ** 20 });
  if (text === null) return null;
  const entry = ENTRY.parse(JSON.parse(text.toString("utf8"))); // our own, out of our own initramfs
  return entry.sha256 === (await hashOf(imageIn(directory, kernel))) ? entry : null;
}

async function hashOf(path: string): Promise<string | null> {
  const bytes = await readBounded(path, { maxBytes: MAX_INITRAMFS_BYTES });
  return bytes === null ? null : createHash("sha256").update(bytes).digest("hex");
}
