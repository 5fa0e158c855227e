// SPDX-License-Identifier: Apache-2.0
// The destination: connected, and checked before a byte is copied.
import { resolve } from "node:path";
import {
  type Destination,
  formatBytes,
  type Host,
  type ImageFormat,
  makeProblem,
  type Problem,
  type ProblemCode,
  UserError,
} from "../../core/index.ts";
import { localHost, sshHost } from "../../hosts/index.ts";

/** How to log in over ssh. */
export type SshAccess = {
  /** A file for `ssh -F`; null: the user's own. */
  readonly sshConfig: string | null;
  /** The program that says the password (hosts/askpass.ts). */
  readonly askpass?: string | null;
};

export async function connectHost(
  destination: Destination,
  { sshConfig, askpass = null, signal }: SshAccess & { signal: AbortSignal },
): Promise<Host> {
  return destination.kind === "dir"
    ? localHost()
    : await sshHost({ destination, sshConfig, askpass, signal });
}

/** Where the VM's files will be: PATH/NAME. */
export function vmDirectory(destination: Destination, name: string): string {
  const base = destination.kind === "dir" ? resolve(destination.path) : destination.path.replace(/\/+$/, "");
  return `${base}/${name}`;
}

export function printDestination(destination: Destination, name: string): string {
  if (destination.kind === "dir") return vmDirectory(destination, name);
  const user = destination.user === null ? "" : `${destination.user}@`;
  const host = destination.host.includes(":") ? `[${destination.host}]` : destination.host;
  return `ssh://${user}${host}${destination.port === null ? "" : `:${destination.port}`}${vmDirectory(destination, name)}`;
}

export type DestinationState = {
  readonly problems: readonly Problem[];
  /** What is there, and is gone on with: what an earlier run did not finish, or the VM that is brought up to date. */
  readonly goesOn: "resume" | "update" | null;
  /** A finished VM is in the way. */
  readonly finished: boolean;
};

const IMAGE = /\.(?:img|qcow2)$/;

type Needs = {
  readonly name: string;
  readonly usedBytes: number;
  readonly format: ImageFormat;
  readonly replace: boolean;
  readonly update: boolean;
  readonly signal: AbortSignal;
};

/** What stands in the way there. Reads only. */
export async function checkDestination(
  host: Host,
  destination: Destination,
  needs: Needs,
): Promise<DestinationState> {
  const directory = vmDirectory(destination, needs.name);
  const problems: Problem[] = [];
  const stop = (code: ProblemCode, path: string, text: string, advice: string): void =>
    void problems.push(
      makeProblem(code, {
        about: [{ kind: "file", of: "host", path }],
        text: `${path} on ${host.title} ${text}`,
        advice,
      }),
    );
  const kind = await host.kindOf(directory);
  const files = kind === "directory" ? await host.list(directory) : [];
  const finished = isFinished(files);
  const partial = files.includes("manifest.json") || files.some((file) => file.endsWith(".partial"));
  if (kind === "file" || kind === "other")
    stop("destination-exists", directory, `is not a directory`, "Choose another --name or destination");
  else if (finished && !needs.replace && !needs.update)
    stop(
      "destination-exists",
      directory,
      `holds a finished VM`,
      "Choose another --name, bring it up to date with --update, or replace it with --replace",
    );
  else if (files.length > 0 && !finished && !partial)
    stop(
      "destination-exists",
      directory,
      `is not empty and not ours`,
      "Choose another --name or destination",
    );
  const changes = needs.replace || needs.update;
  for (const file of finished && changes ? files.filter((one) => IMAGE.test(one)) : [])
    if (await isInUse(host, `${directory}/${file}`, needs.signal))
      stop(
        "destination-in-use",
        `${directory}/${file}`,
        `is in use: the VM runs`,
        "Shut the VM down there, and run the same command again",
      );
  const base = await nearestDirectory(host, directory);
  const freeBytes = await host.freeBytes(base);
  const there = await occupied(host, directory, files);
  const wanted = needs.usedBytes + 64 * 2 ** 20;
  if (freeBytes + there < wanted)
    stop(
      "destination-full",
      base,
      `has ${formatBytes(freeBytes)} free, the VM needs ${formatBytes(wanted - there)}`,
      "Free space there, or choose another destination",
    );
  const updates = finished && needs.update && !needs.replace;
  const goesOn = updates ? "update" : partial && !finished ? "resume" : null;
  return { problems, goesOn, finished: finished && !changes };
}

/** The report is written last: a run that ended before it goes on from what it copied. */
export const isFinished = (files: readonly string[]): boolean =>
  files.includes("manifest.json") && files.includes("report.json");

/** QEMU locks the images of a running VM. Opening one as a writer, and no more, tells; without qemu-io nothing is known. */
export async function isInUse(host: Host, path: string, signal: AbortSignal): Promise<boolean> {
  const format = path.endsWith(".qcow2") ? "qcow2" : "raw";
  const argv = ["qemu-io", "-f", format, "-c", "length", path];
  const { code, stderr } = await host.run(argv, { timeoutMs: 60_000, signal });
  return code !== 0 && /Failed to get .*lock/.test(stderr);
}

async function occupied(host: Host, directory: string, files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of files)
    if (IMAGE.test(file.replace(/\.partial$/, ""))) bytes += await host.occupiedBytes(`${directory}/${file}`);
  return bytes;
}

/** The directory itself, or its nearest parent that is there. */
async function nearestDirectory(host: Host, path: string): Promise<string> {
  for (let at = path; at !== "/" && at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const kind = await host.kindOf(at);
    if (kind === "directory") return at;
    if (kind !== "absent")
      throw new UserError("destination-wrong", `${at} on ${host.title} is not a directory`, {
        advice: "Choose a directory as the destination",
      });
  }
  return "/";
}
