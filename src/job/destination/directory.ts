// SPDX-License-Identifier: Apache-2.0
// What lies in the VM's directory on a host, asked for before anything is decided. Reads only.
import { dirname } from "node:path/posix";
import { type Host, UserError } from "../../core/index.ts";
import { type DirectoryFacts, isFinished, isImage } from "../../plan/index.ts";

export async function askDirectory(
  host: Host,
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<DirectoryFacts> {
  const kind = await host.kindOf(path);
  const files = kind === "directory" ? await host.list(path) : [];
  const nearest = kind === "directory" ? path : await nearestDirectory(host, dirname(path));
  return {
    title: host.title,
    path,
    kind,
    files,
    inUse: isFinished(files) ? await imagesInUse(host, path, { files, signal }) : [],
    nearest,
    isWritable: (await host.run(["test", "-w", nearest], { timeoutMs: 60_000, signal })).code === 0,
    freeBytes: await host.freeBytes(nearest),
    occupiedBytes: await occupiedBytes(host, path, files),
  };
}

/** QEMU locks the images of a running VM. Opening one as a writer, and no more, tells; without qemu-io nothing is known. */
async function imagesInUse(
  host: Host,
  directory: string,
  { files, signal }: { readonly files: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of files.filter(isImage)) {
    const format = file.endsWith(".qcow2") ? "qcow2" : "raw";
    const argv = ["qemu-io", "-f", format, "-c", "length", `${directory}/${file}`];
    const { code, stderr } = await host.run(argv, { timeoutMs: 60_000, signal });
    if (code !== 0 && /Failed to get .*lock/.test(stderr)) found.push(file);
  }
  return found;
}

async function occupiedBytes(host: Host, directory: string, files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of files.filter((name) => isImage(name.replace(/\.partial$/, ""))))
    bytes += await host.occupiedBytes(`${directory}/${file}`);
  return bytes;
}

/** The path itself, or its nearest parent that is there. */
async function nearestDirectory(host: Host, path: string): Promise<string> {
  for (let at = path; at !== "/"; at = dirname(at)) {
    const kind = await host.kindOf(at);
    if (kind === "directory") return at;
    if (kind !== "absent")
      throw new UserError("destination-wrong", `${at} on ${host.title} is not a directory`, {
        advice: "Choose a directory as the destination",
      });
  }
  return "/";
}
