// SPDX-License-Identifier: Apache-2.0
// The images of a conversion: raw files as they are, qcow2 through a raw view of what they hold.
import { resolve } from "node:path";
import type { SourceDisk } from "../../core/index.ts";
import { type Backing, isQcow2, showQcow2 } from "../../overlay/index.ts";

export interface Images extends AsyncDisposable {
  /** Raw, in the order of the images. */
  readonly paths: readonly string[];
  /** The image itself, of a disk that was found by one of the paths. */
  backing(disk: SourceDisk): Backing;
}

/** Dispose closes the views; before that nobody can write to a qcow2. */
export async function openImages(
  images: readonly string[],
  { signal }: { signal: AbortSignal },
): Promise<Images> {
  await using scope = new AsyncDisposableStack();
  const paths: string[] = [];
  const shown = new Map<string, Backing>();
  for (const image of images) {
    if (!(await isQcow2(image))) {
      paths.push(image);
      continue;
    }
    const { path } = scope.use(await showQcow2(image, { signal }));
    paths.push(path);
    shown.set(path, { path: resolve(image), format: "qcow2" });
  }
  const owned = scope.move();
  return {
    paths,
    backing: ({ path }) => shown.get(path) ?? { path, format: "raw" },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
