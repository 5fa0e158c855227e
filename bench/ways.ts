// SPDX-License-Identifier: Apache-2.0
// The ways to bring a disk to another machine, ours and others', measured one after the other in rotating order.
import { join } from "node:path";
import { freePort, type Sshd } from "../lab/sshd.ts";
import type { CpuMeter } from "./cpu.ts";
import { type Measured, middle, type Sample } from "./measure.ts";
import { copyOurs, occupied, OUR_FILE, packCommand, removeImages, type Scene, shell } from "./scene.ts";

type Copied = { readonly seconds: number; readonly sentBytes: number | null };

type Way = {
  readonly name: string;
  readonly title: string;
  readonly image: string;
  /** Slow ways take part in fewer rounds; the table says in how many. */
  readonly maxRounds: number;
  readonly copy: () => Promise<Copied>;
};

export const WAY_NAMES = ["virt-p2v", "partclone", "nbdkit", "dd"] as const;

export const WAY_TITLES: Readonly<Record<string, string>> = {
  "virt-p2v": "virt-p2v, as it is by default; every byte verified",
  partclone: "partclone -a0 | zstd -1 | ssh (aes128-gcm) | unzstd | partclone.restore",
  nbdkit: "nbdkit, ssh -R, nbdcopy: the way of the C virt-p2v",
  dd: "dd | ssh -C | cat: the original's plan",
};

export async function waysOf(scene: Scene, sshd: Sshd, names: readonly string[]): Promise<Way[]> {
  const { directory, rootLoop, signal } = scene;
  const image = join(directory, "peer.img");
  const ssh = `ssh -F ${sshd.sshConfigPath}`;
  const timed = async (script: string, sentBytes: number | null): Promise<Copied> => {
    const begun = performance.now();
    await shell(script, signal);
    return { seconds: (performance.now() - begun) / 1000, sentBytes };
  };
  const restore = `unzstd -q | partclone.ext4 -r -C -W -s - -o ${image} -L ${directory}/log2 2>/dev/null`;
  const packed = await scene.packedBytes(1); // also fills the page cache, for all the same
  const port = await freePort();
  const forward = `-o ExitOnForwardFailure=yes -R 127.0.0.1:${port}:$unixsocket`;
  const ways: Record<(typeof WAY_NAMES)[number], Omit<Way, "name" | "title">> = {
    "virt-p2v": {
      image: join(directory, `${OUR_FILE}.partial`),
      maxRounds: 99,
      copy: async () => {
        const { seconds, result } = await copyOurs({ scene, sshd });
        return { seconds, sentBytes: result.sentBytes };
      },
    },
    partclone: {
      image,
      maxRounds: 99,
      copy: () =>
        timed(
          `${packCommand(rootLoop, directory, 1)} | ${ssh} -c aes128-gcm@openssh.com ${sshd.hostAlias} '${restore}'`,
          packed,
        ),
    },
    nbdkit: {
      image,
      maxRounds: 2,
      copy: () =>
        timed(
          `nbdkit -r -U - file ${scene.wholeLoop} --run '${ssh} ${forward} ${sshd.hostAlias} nbdcopy nbd://127.0.0.1:${port} ${image}'`,
          null,
        ),
    },
    dd: {
      image,
      maxRounds: 1,
      copy: () =>
        timed(`dd if=${scene.path} bs=1M status=none | ${ssh} -C ${sshd.hostAlias} 'cat >${image}'`, null),
    },
  };
  return WAY_NAMES.filter((name) => names.includes(name)).map((name) => ({
    name,
    title: WAY_TITLES[name] ?? name,
    ...ways[name],
  }));
}

type Rounds = {
  readonly rounds: number;
  readonly scene: Scene;
  readonly meter: CpuMeter;
  readonly say: (text: string) => void;
};

export async function measureWays(
  ways: readonly Way[],
  { rounds, scene, meter, say }: Rounds,
): Promise<Measured[]> {
  const samples = new Map<string, Sample[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (let turn = 0; turn < ways.length; turn += 1) {
      const way = ways[(round + turn) % ways.length]; // the order rotates
      if (way === undefined || round >= way.maxRounds) continue;
      const before = await meter.seconds();
      const { seconds, sentBytes } = await way.copy();
      const cpuSeconds = (await meter.seconds()) - before;
      samples
        .get(way.name)
        ?.push({ seconds, cpuSeconds, sentBytes, occupiedBytes: await occupied(way.image) });
      await removeImages(scene.directory);
      say(`round ${round + 1}: ${way.name} ${seconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s`);
    }
  return ways.map(({ name }) => middle(name, samples.get(name) ?? []));
}
