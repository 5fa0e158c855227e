// SPDX-License-Identifier: Apache-2.0
// Asks a host what it is and what it offers: one script, sent once, that reads only.
import { randomBytes } from "node:crypto";
import { type Host, type HostFacts, lastWords, UserError } from "../../core/index.ts";
import { parseHostFacts } from "./facts.ts";
import { DISCOVER } from "./script.ts";

/** Slow: a login script that sleeps, 500 VMs, a libvirtd that hangs (each call there has its own limit). */
const DISCOVER_TIMEOUT_MS = 180_000;

/**
 * `directories`: absolute, measured besides those where images usually lie. UserError `host` when it gives no answer;
 * what is there and does not work is in `problems`.
 */
export async function discoverHost(
  host: Host,
  { directories = [], signal }: { directories?: readonly string[]; signal: AbortSignal },
): Promise<HostFacts> {
  const mark = `p2v-${randomBytes(8).toString("hex")}`;
  const fromMs = Date.now();
  const { stdout, stderr } = await host.run(["sh", "-c", DISCOVER, "sh", mark, ...directories], {
    timeoutMs: DISCOVER_TIMEOUT_MS,
    signal,
  });
  const asked = { fromMs, toMs: Date.now() };
  const facts = parseHostFacts(stdout, { mark, title: host.title, asked });
  if (facts !== null) return facts;
  throw new UserError(
    "host-no-answer",
    `${host.title} broke off when it was asked what it is: ${lastWords(stderr, { lines: 1 })}`,
    { advice: "Log in there by hand and look whether sh, sed and head work" },
  );
}
