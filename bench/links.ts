// SPDX-License-Identifier: Apache-2.0
// Our copy through a shaped link: a veth pair into a network namespace with an ssh server of its own.
import { z } from "zod";
import type { Compress } from "../src/copy/index.ts";
import { run } from "../src/system/index.ts";
import { type Sshd, startSshd } from "../lab/sshd.ts";
import { median } from "./measure.ts";
import { copyOurs, removeImages, type Scene } from "./scene.ts";
import type { LinkRun } from "./targets.ts";

/** RFC 2544's block for measurements: not used by anybody's network. */
const HERE = "198.18.77.1";
const THERE = "198.18.77.2";
const NAME = "p2v-bench";

interface Link extends AsyncDisposable {
  readonly sshd: Sshd;
  /** That left this side, with all headers. */
  sentBytes(): Promise<number>;
}

async function openLink(mbit: number): Promise<Link> {
  await using opening = new AsyncDisposableStack();
  const ip = (...words: string[]): Promise<unknown> => run(["ip", ...words]);
  await ip("netns", "add", NAME);
  opening.defer(async () => void (await ip("netns", "del", NAME))); // and the pair with it
  await ip("link", "add", NAME, "type", "veth", "peer", "name", "p2v-peer", "netns", NAME);
  await ip("addr", "add", `${HERE}/30`, "dev", NAME);
  await ip("link", "set", NAME, "up");
  const inside = ["netns", "exec", NAME];
  await ip(...inside, "ip", "addr", "add", `${THERE}/30`, "dev", "p2v-peer");
  await ip(...inside, "ip", "link", "set", "p2v-peer", "up");
  await ip(...inside, "ip", "link", "set", "lo", "up");
  // A queue of 10 ms, as a switch has; shorter ones would drop what the kernel sends in one piece.
  const shape = ["root", "tbf", "rate", `${mbit}mbit`, "burst", "256k", "latency", "10ms"];
  await run(["tc", "qdisc", "add", "dev", NAME, ...shape]);
  await ip(...inside, "tc", "qdisc", "add", "dev", "p2v-peer", ...shape);
  const sshd = opening.use(await startSshd({ inside: { namespace: NAME, address: THERE } }));
  const resources = opening.move();
  return {
    sshd,
    // Not the interface's own count: of a packet that is cut up later, it knows one header only.
    sentBytes: async () =>
      parseSentBytes((await run(["tc", "-s", "-j", "qdisc", "show", "dev", NAME])).stdout),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const qdiscs = z.array(z.object({ kind: z.string(), bytes: z.int() }));

function parseSentBytes(json: string): number {
  const tbf = qdiscs.parse(JSON.parse(json)).find(({ kind }) => kind === "tbf");
  if (tbf === undefined) throw new Error("The link is not shaped");
  return tbf.bytes;
}

const PLAN: readonly {
  readonly mbit: number;
  readonly compress: readonly Compress[];
  readonly maxRounds: number;
}[] = [
  { mbit: 1000, compress: ["auto", "none", 1, 3, 6], maxRounds: 3 },
  { mbit: 100, compress: ["auto"], maxRounds: 1 },
];

export async function measureLinks(
  scene: Scene,
  { rounds, say }: { rounds: number; say: (text: string) => void },
): Promise<LinkRun[]> {
  const results: LinkRun[] = [];
  for (const { mbit, compress, maxRounds } of PLAN) {
    await using link = await openLink(mbit);
    const runs = compress.map((one) => ({ compress: one, samples: [] as LinkRun[] }));
    for (let round = 0; round < Math.min(rounds, maxRounds); round += 1)
      for (let turn = 0; turn < runs.length; turn += 1) {
        const one = runs[(round + turn) % runs.length];
        if (one === undefined) continue;
        const before = await link.sentBytes();
        const { seconds, result } = await copyOurs({ scene, sshd: link.sshd, compress: one.compress });
        const onWire = (await link.sentBytes()) - before;
        await removeImages(scene.directory);
        one.samples.push({
          mbit,
          compress: String(one.compress),
          seconds,
          sentBytes: result.sentBytes,
          linkShare: (onWire * 8) / (seconds * mbit * 1e6),
        });
        say(
          `${mbit} Mbit, ${one.compress}: ${seconds.toFixed(1)} s, ${Math.round(result.sentBytes / 2 ** 20)} MiB`,
        );
      }
    for (const { compress: name, samples } of runs) {
      const of = (value: (one: LinkRun) => number): number => median(samples.map(value));
      results.push({
        mbit,
        compress: String(name),
        seconds: of((one) => one.seconds),
        sentBytes: of((one) => one.sentBytes),
        linkShare: of((one) => one.linkShare),
      });
    }
  }
  return results;
}
