// SPDX-License-Identifier: Apache-2.0
// Codes of images that are compared with what was sent, and of a run that somebody ended.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops } = kindsOf("verification");

export const VERIFICATION_PROBLEMS = {
  "manifest-missing": stops("The directory holds no manifest.json."),
  "manifest-wrong": stops("manifest.json was changed, or made by another release."),
  "hashes-wrong": stops("A file of hashes is missing or was changed."),
  "image-wrong": stops("An image has another size or kind than the manifest says."),
  "image-differs": stops("Segments of an image are not as they were sent."),
  interrupted: kindsOf("interrupted").stops("Somebody ended the run (Ctrl-C, or a signal)."),
} satisfies ProblemTable;
