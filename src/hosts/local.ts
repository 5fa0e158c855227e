// SPDX-License-Identifier: Apache-2.0
// The embedded default host: this machine, by its own sh.
import type { Host } from "../core/index.ts";
import { posixHost } from "./posix.ts";
import { READ_SCRIPT, type Transport } from "./shell.ts";

export function localHost(): Host {
  return posixHost(localTransport());
}

function localTransport(): Transport {
  return {
    title: "this machine",
    isRemote: false,
    argv: () => ["sh", "-c", READ_SCRIPT],
    paste: (script) => ["sh", "-c", script],
    explain: () => null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
