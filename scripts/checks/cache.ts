// SPDX-License-Identifier: Apache-2.0
// Where checks keep what they can use again: beside the packages, so that git, linter and formatter do not see it.

export const CACHE = "node_modules/.cache/virt-p2v";

/** What Node makes of a source file is kept by the file's content, so it is never of another version of it. */
export const COMPILED: Readonly<Record<string, string>> = { NODE_COMPILE_CACHE: `${CACHE}/compiled` };
