// SPDX-License-Identifier: Apache-2.0
// A machine of the tests with the live CD in its drive: copies of its disks, its network card, its unattended boot.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { sha256sum } from "../disks/overlays.ts";

/** QEMU's arguments for one card that Linux calls enp3s0, as the machines' own configurations do. */
export const ENP3S0: readonly string[] = [
  ...[1, 2, 3].flatMap((port) => [
    "-device",
    `pcie-root-port,id=port${port},chassis=${port},addr=${8 + port}`,
  ]),
  ..."-netdev user,id=net -device e1000e,netdev=net,bus=port3,mac=52:54:00:12:34:56,romfile=".split(" "),
];

export type CopiedDisks = {
  readonly paths: readonly string[];
  /** SHA-256 of each, now. */
  hashes(): Promise<readonly string[]>;
};

/** Copies that the VM could write, below `directory`. */
export async function copyDisks(originals: readonly string[], directory: string): Promise<CopiedDisks> {
  const paths = originals.map((_, index) => join(directory, `machine-${index + 1}.img`));
  for (const [index, original] of originals.entries())
    await run(["cp", "--sparse=always", "--reflink=auto", original, paths[index] ?? ""], {
      timeoutMs: 300_000,
    });
  return { paths, hashes: () => Promise.all(paths.map(sha256sum)) };
}

export interface KeyServer extends AsyncDisposable {
  /** As the live CD reaches it through QEMU's network. */
  readonly url: string;
}

/** Serves a private key once the live CD asks for it (p2v.identity). */
export async function serveKey(path: string): Promise<KeyServer> {
  const key = await readFile(path);
  const web = createServer((_request, response) => void response.end(key)).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  const { port } = web.address() as AddressInfo;
  return {
    url: `http://10.0.2.2:${port}/key`,
    [Symbol.asyncDispose]: async () => {
      web.closeAllConnections();
      await new Promise((resolve) => web.close(resolve));
    },
  };
}
