// SPDX-License-Identifier: Apache-2.0
// In the live system that has replaced a server: what was built there before the jump.
import { join } from "node:path";
import { type GuestTools, usePrepared } from "../../../convert/index.ts";
import type { Emit } from "../../../core/index.ts";
import { NOTE_DIRECTORY, NOTE_FILES } from "../note.ts";

const DIRECTORY = join(NOTE_DIRECTORY, NOTE_FILES.prepared);

/** Where nothing was built before, `real` does all. */
export const withPrepared =
  (emit: Emit) =>
  (real: GuestTools, root: string): GuestTools =>
    usePrepared(real, {
      directory: DIRECTORY,
      root,
      say: (text) => emit({ type: "step", phase: "plan", text }),
    });
