// SPDX-License-Identifier: Apache-2.0
// The directory of one run: overlay stores, kept files, mount points. Removed with the run.
import { cleanLeftovers } from "../overlay/index.ts";
import { makeRunDirectory, type RunDirectory } from "../system/index.ts";

/** Takes down what a killed run left behind, then makes a new directory that only we can read: guests have secrets. */
export async function openWorkspace(): Promise<RunDirectory> {
  await cleanLeftovers();
  return await makeRunDirectory("run");
}
