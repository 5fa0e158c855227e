// SPDX-License-Identifier: Apache-2.0
// conversion.json: what a conversion did to which images. It is what --undo goes by, so nothing in it is believed unread.
import { join } from "node:path";
import * as z from "zod";
import { bareChange, type Change, UserError } from "../../core/index.ts";
import { readBounded, replaceFile } from "../../system/index.ts";

export type Conversion = {
  readonly format: "conversion/1";
  readonly version: string;
  readonly at: string;
  readonly way: "overlay" | "in-place";
  /** `overlay`: empty where a migration changed them. */
  readonly images: readonly { readonly path: string; readonly overlay: string }[];
  readonly changes: readonly Change[];
  /** Directories that were made for new files, in their order. */
  readonly made: readonly string[];
};

export const CONVERSION_FILE = "conversion.json";
/** Of the blobs: each file before and after, by its SHA-256. */
export const FILES_DIRECTORY = "files";
const MAX_BYTES = 64 * 2 ** 20;

const path = z.string().max(4096).startsWith("/");
const attributes = {
  mode: z.number().int().min(0).max(0o7777),
  uid: z.number().int().min(0),
  gid: z.number().int().min(0),
  xattrs: z.record(z.string().max(255), z.string().max(100_000)),
};
const STATE = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("absent") }),
  z.strictObject({
    kind: z.literal("bytes"),
    ...attributes,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    sizeBytes: z.number().int().min(0),
  }),
  z.strictObject({ kind: z.literal("link"), ...attributes, target: z.string().max(4096) }),
  z.strictObject({ kind: z.literal("directory"), ...attributes }),
]);
const CONVERSION = z.strictObject({
  format: z.literal("conversion/1"),
  version: z.string().max(64),
  at: z.string().max(64),
  way: z.enum(["overlay", "in-place"]),
  images: z
    .array(z.strictObject({ path, overlay: z.union([path, z.literal("")]) }))
    .min(1)
    .max(256),
  changes: z
    .array(z.strictObject({ step: z.string(), why: z.string(), path, before: STATE, after: STATE }))
    .max(100_000),
  made: z.array(path).max(100_000).default([]),
});

export const renderConversion = (conversion: Conversion): string =>
  `${JSON.stringify({ ...conversion, changes: conversion.changes.map(bareChange) }, null, 2)}\n`;

export async function writeConversion(directory: string, conversion: Conversion): Promise<void> {
  await replaceFile(join(directory, CONVERSION_FILE), renderConversion(conversion));
}

/** UserError (usage) where there is none, or it is not what a conversion writes. */
export async function readConversion(directory: string): Promise<Conversion> {
  const bytes = await readBounded(join(directory, CONVERSION_FILE), { maxBytes: MAX_BYTES });
  try {
    if (bytes !== null) return CONVERSION.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new UserError(
      "conversion-wrong",
      `${join(directory, CONVERSION_FILE)} is not a record of a conversion`,
      {
        advice: "Somebody changed it, or another version of virt-p2v wrote it",
        cause,
      },
    );
  }
  throw new UserError("conversion-missing", `There is no ${join(directory, CONVERSION_FILE)}`, {
    advice: "Name the directory that virt-p2v convert made beside the image, or conversion/ of a migrated VM",
  });
}
