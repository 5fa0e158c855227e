// SPDX-License-Identifier: Apache-2.0
// What becomes of the files that are there when a disk is opened. Pure.
import { hashesBytes, type OpenMessage } from "../wire/index.ts";
import { gone, ReceiverProblem } from "./problem.ts";

/** Sizes in bytes; null: absent. */
export type Found = {
  /** `any`: it is there, and how long it is inside will be seen. */
  readonly image: number | "any" | null;
  readonly hashes: number | null;
};

export type Opening =
  /** Both files are removed where they are, and made. */
  | { readonly kind: "make" }
  /** The image stays. Hashes of another grid tell nothing: they are made anew. */
  | { readonly kind: "keep"; readonly hashes: "keep" | "make" };

/** ReceiverProblem where it may not be opened. `image`: its name, for messages. */
export function decideOpening(request: OpenMessage, found: Found, image: string): Opening {
  const { image: imageBytes, hashes } = found;
  const fits = imageBytes === "any" || imageBytes === request.sizeBytes;
  if (request.join) {
    if (imageBytes === null || hashes === null) throw gone(request.disk);
    if (!fits) throw otherSize(request.disk, imageBytes, request.sizeBytes);
    if (hashes !== hashesBytes(request)) throw otherSize(request.disk, hashes, hashesBytes(request));
    return { kind: "keep", hashes: "keep" };
  }
  switch (request.mode) {
    case "replace":
      return { kind: "make" };
    case "new":
      if (imageBytes === null) return { kind: "make" };
      throw exists(image);
    case "resume":
      if (!fits) return { kind: "make" };
      return { kind: "keep", hashes: hashes === hashesBytes(request) ? "keep" : "make" };
  }
}

export function exists(image: string, cause?: unknown): ReceiverProblem {
  return new ReceiverProblem("destination-exists", `${image} exists`, {
    advice: "Resume it, or replace it with --replace",
    cause,
  });
}

export function otherSize(disk: string, hasBytes: number, wantedBytes: number): ReceiverProblem {
  return new ReceiverProblem(
    "destination-changed",
    `A file of ${disk} has ${hasBytes} bytes, not ${wantedBytes}`,
    {
      advice: "Remove the .partial files, or use --replace",
    },
  );
}
