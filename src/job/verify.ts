// SPDX-License-Identifier: Apache-2.0
// Reads the images of a migrated VM again.
import { verifyImages } from "../copy/index.ts";
import { cleanLeftovers } from "../overlay/index.ts";

/** A killed verification may have left a qcow2 image open: that is taken down first. */
export async function verifyVm(
  directory: string,
  options: Parameters<typeof verifyImages>[1],
): ReturnType<typeof verifyImages> {
  await cleanLeftovers();
  return await verifyImages(directory, options);
}
