// SPDX-License-Identifier: Apache-2.0
// A second pass: over a disk with nothing changed, and after a copy that was stopped at 90 %.
import type { Sshd } from "../lab/sshd.ts";
import { median } from "./measure.ts";
import { copyOurs, removeImages, type Scene } from "./scene.ts";
import type { Again } from "./targets.ts";

const STOPPED_AT = 0.9;

export async function measureAgain(
  scene: Scene,
  sshd: Sshd,
  { rounds, say }: { rounds: number; say: (text: string) => void },
): Promise<Again> {
  const passes: Again[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round += 1) {
    const first = await copyOurs({ scene, sshd });
    const second = await copyOurs({ scene, sshd, mode: "resume" });
    await removeImages(scene.directory);
    await stoppedCopy(scene, sshd);
    const resumed = await copyOurs({ scene, sshd, mode: "resume" });
    await removeImages(scene.directory);
    passes.push({
      firstSeconds: first.seconds,
      unchangedSeconds: second.seconds,
      resumeSeconds: resumed.seconds,
    });
    say(
      `first ${first.seconds.toFixed(1)} s, unchanged ${second.seconds.toFixed(1)} s, resumed ${resumed.seconds.toFixed(1)} s`,
    );
  }
  const of = (value: (one: Again) => number): number => median(passes.map(value));
  return {
    firstSeconds: of((one) => one.firstSeconds),
    unchangedSeconds: of((one) => one.unchangedSeconds),
    resumeSeconds: of((one) => one.resumeSeconds),
  };
}

async function stoppedCopy(scene: Scene, sshd: Sshd): Promise<void> {
  const stop = new AbortController();
  const onDone = (done: number, total: number): void => {
    if (done >= STOPPED_AT * total) stop.abort();
  };
  await copyOurs({ scene, sshd, signal: stop.signal, onDone }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
}
