// SPDX-License-Identifier: Apache-2.0
// Extended attributes, by the tools of Debian's package attr: Node has no call for them.
import { run } from "../programs/run.ts";

/** Where the kernel keeps a file's SELinux context (xattr(7)). */
export const SELINUX_LABEL = "security.selinux";

/** Gives a new file or directory the SELinux label of its directory, as the guest's kernel would; nothing where it has none. */
export async function inheritLabel(path: string, directory: string): Promise<void> {
  const label = (await readXattrs(directory))[SELINUX_LABEL];
  if (label !== undefined) await writeXattrs(path, { [SELINUX_LABEL]: label });
}

/** Name to value in base64; links are not followed. */
export async function readXattrs(path: string): Promise<Readonly<Record<string, string>>> {
  const argv = [
    "getfattr",
    "--dump",
    "--no-dereference",
    "--absolute-names",
    "--match=-",
    "--encoding=base64",
    "--",
    path,
  ];
  const { stdout } = await run(argv, { timeoutMs: 30_000 });
  return parseGetfattr(stdout);
}

/** Of everything below a directory, by path: one program for all. */
export async function readAllXattrs(
  directory: string,
  { signal }: { signal: AbortSignal },
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const options = ["--recursive", "--physical", "--dump", "--no-dereference", "--absolute-names"];
  const argv = ["getfattr", ...options, "--match=-", "--encoding=base64", "--", directory];
  const { stdout } = await run(argv, { signal, timeoutMs: 120_000, maxOutputBytes: 64 * 2 ** 20 });
  const found = new Map<string, Readonly<Record<string, string>>>();
  for (const block of stdout.split("\n\n")) {
    const path = /^# file: (.*)$/m.exec(block)?.[1];
    if (path !== undefined) found.set(unescapeOctal(path), parseGetfattr(block));
  }
  return found;
}

/** getfattr(1) writes newlines and backslashes of a path as `\012` and `\134`. */
const unescapeOctal = (text: string): string =>
  text.replaceAll(/\\([01][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** `security.selinux=0sc3lzdGVtX3U6...` lines of getfattr(1); a value without `=` is empty. */
export function parseGetfattr(text: string): Readonly<Record<string, string>> {
  const found: [string, string][] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const at = line.indexOf("=");
    if (at === -1) found.push([line, ""]);
    else if (line.startsWith("0s", at + 1)) found.push([line.slice(0, at), line.slice(at + 3)]);
    else if (line.slice(at + 1) === '""') found.push([line.slice(0, at), ""]);
  }
  return Object.fromEntries(found);
}

/** Sets each of them; does not remove others. */
export async function writeXattrs(path: string, xattrs: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(xattrs))
    await run(["setfattr", "--no-dereference", `--name=${name}`, `--value=0s${value}`, "--", path], {
      timeoutMs: 30_000,
    });
}
