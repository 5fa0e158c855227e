// SPDX-License-Identifier: Apache-2.0
// Does this system's network work: link, address, duplicate, gateway; and to the host: name, ssh port, a full-size packet.
import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { run } from "../system/index.ts";
import { type Interface, readAddresses, readGateways } from "./state.ts";

export type Check = { readonly what: string; readonly ok: boolean; readonly text: string };

type Call = { readonly signal: AbortSignal };

export async function checkNetwork({ signal }: Call): Promise<readonly Check[]> {
  const interfaces = await readAddresses(signal);
  const used = interfaces.filter(({ addresses }) => addresses.length > 0);
  const checks: Check[] = [addressCheck(used, interfaces)];
  for (const { name, addresses } of used)
    for (const address of addresses.filter((one) => !one.includes(":")))
      checks.push(await duplicateCheck(name, address.split("/")[0] ?? "", signal));
  const gateways = await readGateways(signal);
  if (gateways.length === 0)
    checks.push({ what: "gateway", ok: false, text: "none: only hosts of the same network can be reached" });
  for (const { gateway, device } of gateways) {
    const target = /^fe80:/i.test(gateway) ? `${gateway}%${device}` : gateway;
    const ok = await pings(["-c", "2", "-i", "0.3", "-W", "2", target], signal);
    checks.push({
      what: "gateway",
      ok,
      text: `${gateway} on ${device} ${ok ? "answers" : "does not answer a ping"}`,
    });
  }
  return checks;
}

/** Pure. */
export function addressCheck(used: readonly Interface[], all: readonly Interface[]): Check {
  const text = used
    .map(({ name, addresses, mtu }) => `${name} ${addresses.join(" ")}, MTU ${mtu}`)
    .join("; ");
  if (text !== "") return { what: "address", ok: true, text };
  const dark = all.every(({ up }) => !up);
  return {
    what: "address",
    ok: false,
    text: dark ? "none: no port has a link; is the cable in?" : "none: no DHCP server answered",
  };
}

/** RFC 5227: a probe without a sender's address; who answers has the address. */
async function duplicateCheck(device: string, address: string, signal: AbortSignal): Promise<Check> {
  const argv = ["arping", "-D", "-q", "-c", "2", "-w", "3", "-I", device, address];
  const { code } = await run(argv, { signal, allowCodes: [1, 2], timeoutMs: 20_000 });
  return code === 1
    ? { what: "duplicate", ok: false, text: `another machine has ${address} already` }
    : { what: "duplicate", ok: true, text: `nobody else has ${address}` };
}

async function pings(argv: readonly string[], signal: AbortSignal): Promise<boolean> {
  const { code } = await run(["ping", "-q", ...argv], { signal, allowCodes: [1, 2], timeoutMs: 20_000 });
  return code === 0;
}

/** The name first, then what needs it. */
export async function checkHost(
  { host, port }: { host: string; port: number | null },
  { signal }: Call,
): Promise<readonly Check[]> {
  let address = host;
  const checks: Check[] = [];
  if (isIP(host.split("%")[0] ?? "") === 0) {
    try {
      ({ address } = await lookup(host));
      checks.push({ what: "name", ok: true, text: `${host} is ${address}` });
    } catch {
      return [{ what: "name", ok: false, text: `no name server knows ${host}` }];
    }
  }
  const said = await greeting(address, port ?? 22, signal);
  checks.push(said);
  if (!said.ok) return checks;
  return [...checks, ...(await fullSizeCheck(address, signal))];
}

/** RFC 4253, 4.2: an ssh server begins with a line `SSH-`. */
function greeting(host: string, port: number, signal: AbortSignal): Promise<Check> {
  const what = "ssh";
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const end = (ok: boolean, text: string): void => {
      socket.destroy();
      resolve({ what, ok, text });
    };
    socket.setTimeout(8000, () => end(false, `${host} does not answer on port ${port}`));
    socket.once("error", ({ message }) => end(false, `${host}, port ${port}: ${message}`));
    socket.once("data", (part) => {
      const line = part.toString("latin1").split("\r\n")[0] ?? "";
      if (line.startsWith("SSH-")) end(true, `${host}, port ${port}: ${line.slice(0, 40)}`);
      else end(false, `on port ${port} of ${host} is something else than ssh`);
    });
  });
}

/** RFC 791, 8200, 792: 20 or 40 bytes of IP and 8 of ICMP are in the MTU. A host that answers no ping at all tells nothing. */
async function fullSizeCheck(address: string, signal: AbortSignal): Promise<readonly Check[]> {
  const mtus = (await readAddresses(signal))
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ mtu }) => mtu);
  const mtu = Math.min(...mtus, 9000);
  const tries = ["-c", "2", "-i", "0.3", "-W", "2"];
  if (!(await pings([...tries, address], signal))) return [];
  const size = mtu - (address.includes(":") ? 48 : 28);
  const ok = await pings([...tries, "-M", "do", "-s", `${size}`, address], signal);
  const text = ok
    ? `packets of ${mtu} bytes pass`
    : `packets of ${mtu} bytes do not pass: lower the MTU, or the copy will hang`;
  return [{ what: "full size", ok, text }];
}
