// SPDX-License-Identifier: Apache-2.0
// A qcow2 image as a plain file: qemu-storage-daemon exports it over FUSE, next to the image, while it is written.
import { type FileHandle, open, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/index.ts";
import { isErrno, openDirect, run, startDaemon } from "../../system/index.ts";
import { diskFiles } from "../../wire/index.ts";
import { ReceiverProblem } from "../problem.ts";

const exportPath = (directory: string, disk: string): string => join(directory, `.p2v-${disk}.export`);

export async function createQcow2(path: string, sizeBytes: number): Promise<void> {
  // qemu-img would overwrite: the exclusive creation is ours.
  await writeFile(path, "", { flag: "wx", mode: 0o600 });
  await run(["qemu-img", "create", "-q", "-f", "qcow2", path, `${sizeBytes}`]).catch(
    async (error: unknown) => {
      await rm(path, { force: true });
      throw missing(error);
    },
  );
}

export interface Exported extends AsyncDisposable {
  readonly file: FileHandle;
}

/** Serves the image's bytes as a file; the file handle is the caller's to close, before the export. */
export async function exportQcow2(directory: string, disk: string): Promise<Exported> {
  const image = join(directory, diskFiles(disk).partialImage);
  const mountpoint = exportPath(directory, disk);
  await cleanUp(mountpoint);
  await writeFile(mountpoint, "", { flag: "wx", mode: 0o600 });
  await using opening = new AsyncDisposableStack();
  opening.defer(() => cleanUp(mountpoint));
  const direct = await takesDirect(image);
  const daemon = opening.use(
    await startDaemon([
      "qemu-storage-daemon",
      "--blockdev",
      JSON.stringify({
        "node-name": "file",
        driver: "file",
        filename: image,
        cache: { direct, "no-flush": false },
        discard: "unmap",
      }),
      "--blockdev",
      JSON.stringify({ "node-name": "disk", driver: "qcow2", file: "file", discard: "unmap" }),
      "--export",
      JSON.stringify({ type: "fuse", id: "p2v", "node-name": "disk", mountpoint, writable: true }),
    ]).catch((error: unknown) => {
      throw missing(error);
    }),
  );
  for (let waitedMs = 0; ; waitedMs += 20) {
    if ((await stat(mountpoint)).size > 0) break;
    if (daemon.ended.aborted || waitedMs > 20_000)
      throw new ReceiverProblem(
        "qcow2-not-served",
        `qemu-storage-daemon does not serve ${image}: ${daemon.lastWords()}`,
        {
          advice: "Choose --format raw",
        },
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const file = await open(mountpoint, "r+");
  const resources = opening.move();
  return { file, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The file that another agent of this job exports; null where there is none. */
export async function joinQcow2(directory: string, disk: string): Promise<FileHandle | null> {
  try {
    return await open(exportPath(directory, disk), "r+");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTCONN")) return null;
    throw error;
  }
}

async function takesDirect(path: string): Promise<boolean> {
  await using file = await openDirect(path);
  return file.how === "direct";
}

/** A killed agent leaves its mountpoint behind, and perhaps a mount whose daemon is gone. */
async function cleanUp(mountpoint: string): Promise<void> {
  try {
    await rm(mountpoint, { force: true });
  } catch (error) {
    if (!isErrno(error, "EBUSY", "ENOTCONN")) throw error;
    await run(["fusermount3", "-u", "-z", "--", mountpoint], { timeoutMs: 20_000 });
    await rm(mountpoint, { force: true });
  }
}

function missing(error: unknown): unknown {
  if (!(error instanceof UserError && error.code === "program-missing")) return error;
  return new ReceiverProblem("qcow2-needs-qemu", `${error.message} on the host; qcow2 images need it`, {
    advice: "Install qemu-utils and qemu-system-common there, or choose --format raw",
    cause: error,
  });
}
