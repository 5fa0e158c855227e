// SPDX-License-Identifier: Apache-2.0
// Where a rule of the contract is tried: a directory, and connections to a receiver that works in it.
import type { ServeOptions } from "../../../src/receiver/serve.ts";
import type { Peer } from "./peer.ts";

export type Bench = {
  /** Where the receiver works; nothing else is in `above`. */
  readonly directory: string;
  readonly above: string;
  readonly connect: (options?: ServeOptions & { readonly directory?: string }) => Peer;
};

export type Check = (what: string, body: (bench: Bench) => Promise<void>) => void;
