// SPDX-License-Identifier: Apache-2.0
// Which addresses and routes this system has now, as ip(8) tells.
import { z } from "zod";
import type { NetworkSetup } from "../core/index.ts";
import { run } from "../system/index.ts";

export type Interface = {
  readonly name: string;
  readonly up: boolean;
  readonly mtu: number;
  /** CIDR, global ones that can be used (not tentative). */
  readonly addresses: readonly string[];
};

const IP_ADDRESS = z.array(
  z.object({
    ifname: z.string().optional(),
    flags: z.array(z.string()).optional(),
    mtu: z.number().optional(),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          prefixlen: z.number().optional(),
          scope: z.string().optional(),
          tentative: z.boolean().optional(),
          dadfailed: z.boolean().optional(),
        }),
      )
      .optional(),
  }),
);

/** Of `ip -json address`. */
export function parseAddresses(text: string): readonly Interface[] {
  return IP_ADDRESS.parse(JSON.parse(text)).flatMap(({ ifname, flags = [], mtu = 0, addr_info = [] }) => {
    if (ifname === undefined || ifname === "lo") return [];
    const addresses = addr_info
      .filter(
        ({ scope, tentative, dadfailed }) => scope === "global" && tentative !== true && dadfailed !== true,
      )
      .flatMap(({ local, prefixlen }) => (local === undefined ? [] : [`${local}/${prefixlen ?? 0}`]));
    return [{ name: ifname, up: flags.includes("LOWER_UP"), mtu, addresses }];
  });
}

export async function readAddresses(signal: AbortSignal): Promise<readonly Interface[]> {
  return parseAddresses((await run(["ip", "-json", "address"], { signal })).stdout);
}

/** Does each address of the setup stand, and where one is asked for, is any there? Pure. */
export function isUp(interfaces: readonly Interface[], setup: NetworkSetup | null): boolean {
  const there = new Set(interfaces.flatMap(({ addresses }) => addresses));
  if (setup === null) return there.size > 0;
  return setup.links.every(({ ip }) => {
    if (ip.kind === "none") return true;
    return ip.kind === "auto" ? there.size > 0 : ip.addresses.every((address) => there.has(normal(address)));
  });
}

/** As the kernel writes IPv6: `2001:db8:0:0::7/64` is 2001:db8::7/64. */
function normal(address: string): string {
  const [host = "", prefix = ""] = address.split("/");
  if (!host.includes(":")) return address;
  const url = URL.parse(`http://[${host}]/`);
  return url === null ? address : `${url.hostname.slice(1, -1)}/${prefix}`;
}

/** Default gateways, of `ip -json route` for one family. */
export function parseGateways(
  text: string,
): readonly { readonly gateway: string; readonly device: string }[] {
  const routes = z
    .array(z.object({ dst: z.string(), gateway: z.string().optional(), dev: z.string().optional() }))
    .parse(JSON.parse(text));
  return routes.flatMap(({ dst, gateway, dev }) =>
    dst === "default" && gateway !== undefined && dev !== undefined ? [{ gateway, device: dev }] : [],
  );
}

export async function readGateways(
  signal: AbortSignal,
): Promise<readonly { readonly gateway: string; readonly device: string }[]> {
  const found = [];
  for (const family of ["-4", "-6"]) {
    const { stdout } = await run(["ip", family, "-json", "route", "show", "default"], { signal });
    found.push(...parseGateways(stdout.trim() === "" ? "[]" : stdout));
  }
  return found;
}
