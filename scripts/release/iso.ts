// SPDX-License-Identifier: Apache-2.0
// The live CD of a release: virt-p2v iso build, with the release's time in place of its own.
import { join } from "node:path";
import { buildIso, DEFAULT_ROOM_BYTES } from "../../src/iso/index.ts";
import { ARTIFACTS, type Release } from "./release.ts";

/** Its path. */
export async function makeIso({ version, out, say, signal }: Release): Promise<string> {
  const path = join(out, ARTIFACTS.iso(version));
  const given = { sshKey: null, answers: null, extras: null };
  const roomBytes = DEFAULT_ROOM_BYTES;
  await buildIso({ ...given, out: path, packages: [], suite: "trixie", roomBytes, version, say, signal });
  return path;
}
