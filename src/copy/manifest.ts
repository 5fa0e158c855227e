// SPDX-License-Identifier: Apache-2.0
// manifest.json: what each image must be, by one root hash over the hashes of its segments (`NAME-N.hashes`).
import { z } from "zod";
import { UserError, VOLUME_PATH } from "../core/index.ts";
import { DISK_NAME, SEGMENT_BYTES } from "../wire/index.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().regex(DISK_NAME);

const schema = z.object({
  format: z.literal("manifest/1"),
  disks: z
    .array(
      z.object({
        number: z.int().positive(),
        file: name,
        imageFormat: z.enum(["raw", "qcow2"]),
        /** A block device that holds it instead of the file. */
        volume: z.string().regex(VOLUME_PATH).optional(),
        sizeBytes: z.int().positive(),
        segmentBytes: z.literal(SEGMENT_BYTES),
        /** 32 bytes per segment: its SHA-256. */
        hashes: name,
        /** SHA-256 of the hashes file. */
        rootSha256: hash,
      }),
    )
    .min(1)
    .max(256),
});

export type ManifestDisk = Readonly<z.infer<typeof schema>["disks"][number]>;
export type Manifest = { readonly format: "manifest/1"; readonly disks: readonly ManifestDisk[] };

export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** UserError `verification` for anything else; `where` names the file. */
export function parseManifest(text: string, where: string): Manifest {
  const wrong = (why: string, cause?: unknown): UserError =>
    new UserError("manifest-wrong", `${where} is not a manifest: ${why}`, {
      advice: "It was changed, or made by another release; migrate again, or verify with that release",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong("it is not JSON", error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unknown"}`);
}
