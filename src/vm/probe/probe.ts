// SPDX-License-Identifier: Apache-2.0
// What the guest said about itself: the line `P2V-PROBE {json}` on its console. Hostile until parsed.
import { z } from "zod";

const PROBE_MARK = "P2V-PROBE ";
export const MAX_PROBE_BYTES = 64 * 1024;

const name = z.string().max(256);
const nullable = name.nullable();

const Link = z.object({
  name,
  mac: nullable.transform((mac) => mac?.toLowerCase() ?? null),
  /** The kernel's operstate: `up`, `down`, `unknown` ... */
  state: nullable,
  /** The bond or bridge it is a port of. */
  master: nullable,
  physical: z.boolean(),
  carrier: z.boolean(),
  /** CIDR, both families: `192.0.2.7/24`, `fe80::1/64`. */
  addresses: z.array(name).max(64),
});

const Probe = z.object({
  format: z.literal("p2v-probe/1"),
  /** UUID of the file system mounted at `/`. */
  root: nullable,
  rootSource: nullable,
  kernel: name,
  /** systemctl is-system-running: `running`, `degraded`, `maintenance` (emergency or rescue), `starting` ... */
  state: name,
  /** Seconds since the kernel began. */
  uptime: z.number().int().nonnegative().nullable(),
  failed: z.array(z.object({ unit: name, result: name })).max(128),
  /** Jobs that had not ended. */
  waiting: z.array(name).max(128),
  /** false: no `ip` in the guest, so addresses and routes are not known. */
  ip: z.boolean(),
  links: z.array(Link).max(128),
  routes: z.array(z.object({ via: nullable, dev: nullable })).max(64),
});

export type Probe = z.infer<typeof Probe>;
export type ProbeLink = z.infer<typeof Link>;

/** The probe in a console line; null where there is none, or the kernel printed into it. */
export function parseProbe(line: string): Probe | null {
  const start = line.lastIndexOf(PROBE_MARK);
  if (start < 0 || line.length - start > MAX_PROBE_BYTES) return null;
  const end = line.lastIndexOf("}");
  if (end < start) return null;
  let json: unknown;
  try {
    json = JSON.parse(line.slice(start + PROBE_MARK.length, end + 1));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return Probe.safeParse(json).data ?? null;
}
