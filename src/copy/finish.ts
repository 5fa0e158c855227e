// SPDX-License-Identifier: Apache-2.0
// The end of a copy: `.partial` files get their names, then the manifest is written. It alone says that all is done.
import type { Host, ImageFormat } from "../core/index.ts";
import { diskFiles } from "../wire/index.ts";
import type { CopyResult } from "./options.ts";
import { type Manifest, renderManifest } from "./manifest.ts";

type Finished = CopyResult & { readonly format: ImageFormat; readonly volume?: string | undefined };

/** May be called again after a crash in the middle. */
export async function finishDisks(
  host: Host,
  directory: string,
  disks: readonly Finished[],
): Promise<Manifest> {
  for (const { file } of disks) {
    const { image, hashes, partialImage, partialHashes } = diskFiles(file);
    for (const [from, to] of [
      [partialHashes, hashes],
      [partialImage, image],
    ] as const)
      if ((await host.kindOf(`${directory}/${from}`)) !== "absent")
        await host.rename(`${directory}/${from}`, `${directory}/${to}`);
  }
  const manifest: Manifest = {
    format: "manifest/1",
    disks: disks.map((disk) => ({
      number: disk.number,
      file: disk.file,
      imageFormat: disk.format,
      ...(disk.volume === undefined ? {} : { volume: disk.volume }),
      sizeBytes: disk.sizeBytes,
      segmentBytes: disk.segmentBytes,
      hashes: diskFiles(disk.file).hashes,
      rootSha256: disk.rootSha256,
    })),
  };
  await host.writeFile(`${directory}/manifest.json`, Buffer.from(renderManifest(manifest)), { mode: 0o600 });
  return manifest;
}

/**
 * Before a copy goes on: without a manifest nothing is finished, so images that already got their names become
 * `.partial` again. Images of a finished VM are left alone.
 */
export async function reopenDisks(host: Host, directory: string, files: readonly string[]): Promise<void> {
  if ((await host.kindOf(`${directory}/manifest.json`)) !== "absent") return;
  for (const file of files) {
    const { image, hashes, partialImage, partialHashes } = diskFiles(file);
    for (const [from, to] of [
      [image, partialImage],
      [hashes, partialHashes],
    ] as const) {
      const kind = await host.kindOf(`${directory}/${from}`);
      const there = kind === "file" || kind === "other"; // a link to a volume
      if (there && (await host.kindOf(`${directory}/${to}`)) === "absent")
        await host.rename(`${directory}/${from}`, `${directory}/${to}`);
    }
  }
}
