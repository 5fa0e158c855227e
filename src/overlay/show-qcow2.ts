// SPDX-License-Identifier: Apache-2.0
// A qcow2 image as the raw disk it holds, read-only, as a file: what all else here works on.
import { open } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import * as z from "zod";
import { lastWords, UserError } from "../core/index.ts";
import { makeRunDirectory, run, RunError } from "../system/index.ts";
import type { Chain } from "./chain.ts";
import { startExport } from "./fuse-export.ts";

export interface ShownImage extends AsyncDisposable {
  /** Reads as the raw disk. */
  readonly path: string;
}

const MAGIC = "514649fb";

export async function isQcow2(path: string): Promise<boolean> {
  const file = await open(path, "r").catch(() => null); // whoever opens it for real says what is wrong
  if (file === null) return false;
  await using reader = file;
  const bytes = Buffer.alloc(4);
  const { bytesRead } = await reader.read(bytes, 0, 4, 0).catch(() => ({ bytesRead: 0 }));
  return bytesRead === 4 && bytes.toString("hex") === MAGIC;
}

/** UserError (source) where it is damaged, encrypted, or needs another file: no file that an image names is ever opened. */
export async function showQcow2(image: string, { signal }: { signal: AbortSignal }): Promise<ShownImage> {
  const path = resolve(image);
  const sizeBytes = await checkedSize(path, signal);
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await makeRunDirectory("image")).path;
  const disk = { number: 0, path, kind: "file", sizeBytes, sectorBytes: 512 } as const;
  const shown = scope.use(
    await startExport(qcow2Chain(path), {
      disk,
      path: join(directory, basename(path)),
      writable: false,
      signal,
    }),
  );
  const owned = scope.move();
  return { path: shown.path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Pure. QEMU's locks stay on: a running VM keeps its image to itself. */
function qcow2Chain(path: string): Chain {
  const readOnly = { "read-only": true, "auto-read-only": false };
  return {
    nodes: [
      { driver: "file", "node-name": "image-file", filename: path, ...readOnly },
      { driver: "qcow2", "node-name": "image", file: "image-file", backing: null, ...readOnly },
    ],
    top: "image",
  };
}

const INFO = z.looseObject({
  format: z.string(),
  "virtual-size": z
    .number()
    .int()
    .min(512)
    .max(2 ** 50),
  encrypted: z.boolean().optional(),
  "backing-filename": z.string().optional(),
  "format-specific": z
    .looseObject({
      data: z.looseObject({ "data-file": z.string().optional(), corrupt: z.boolean().optional() }),
    })
    .optional(),
});

async function checkedSize(path: string, signal: AbortSignal): Promise<number> {
  const refused = (why: string, advice: string): UserError =>
    new UserError("image-not-usable", `${path} ${why}`, { advice });
  const argv = ["qemu-img", "info", "--output=json", "-f", "qcow2", "--", path];
  const text = await run(argv, { signal, timeoutMs: 60_000, maxOutputBytes: 2 ** 20 }).catch(
    (error: unknown) => {
      if (!(error instanceof RunError)) throw error;
      const isLocked = /lock/i.test(error.stderr);
      throw refused(
        isLocked
          ? "is in use by another program"
          : `is a QCOW2 image that QEMU does not open: ${lastWords(error.stderr)}`,
        isLocked ? "Shut the VM down that runs on it, then run this again" : "See qemu-img check",
      );
    },
  );
  const found = INFO.safeParse(JSON.parse(text.stdout));
  if (!found.success || found.data.format !== "qcow2")
    throw refused("is not a QCOW2 image that is understood", "See qemu-img info");
  const { encrypted = false, "backing-filename": backing, "format-specific": specific } = found.data;
  const flatten = "Make one image of all: qemu-img convert -O qcow2 IMAGE WHOLE.qcow2";
  if (backing !== undefined) throw refused(`holds only what differs from ${backing.slice(0, 200)}`, flatten);
  if (specific?.data["data-file"] !== undefined) throw refused("has its data in another file", flatten);
  if (encrypted) throw refused("is encrypted by QEMU", "Decrypt it first: qemu-img convert");
  if (specific?.data.corrupt === true) throw refused("is marked as damaged", "See qemu-img check -r all");
  return found.data["virtual-size"];
}
