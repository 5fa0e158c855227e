// SPDX-License-Identifier: Apache-2.0
// The licences of what is inside the bundled program, in one text that goes along with it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Names of the npm packages among a bundle's input files (`node_modules/@scope/name/lib/x.js`), sorted. */
export function packagesIn(inputs: readonly string[]): readonly string[] {
  const names = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}

/** Error where a package has no licence file: then it may not be brought to others. */
export async function renderLicences(repository: string, packages: readonly string[]): Promise<string> {
  const parts = [title("virt-p2v", await readFile(join(repository, "LICENSE"), "utf8"))];
  for (const name of packages) {
    const directory = join(repository, "node_modules", name);
    const manifest = JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as {
      version: string;
      license?: string;
    };
    const file = (await readdir(directory)).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
    if (file === undefined) throw new Error(`node_modules/${name} has no licence file`);
    const head = `${name} ${manifest.version} (${manifest.license ?? "see below"})`;
    parts.push(title(head, await readFile(join(directory, file), "utf8")));
  }
  return parts.join("\n");
}

const title = (head: string, text: string): string =>
  `${head}\n${"=".repeat(head.length)}\n\n${text.trim()}\n`;
