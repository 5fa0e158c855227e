// SPDX-License-Identifier: Apache-2.0
// Reads the images of a migrated VM again; the run's directory is where a qcow2 image is opened.
import { verifyImages } from "../copy/index.ts";
import { openWorkspace } from "./workspace.ts";

export async function verifyVm(
  directory: string,
  options: Parameters<typeof verifyImages>[1],
): ReturnType<typeof verifyImages> {
  await using _workspace = await openWorkspace();
  return await verifyImages(directory, options);
}
