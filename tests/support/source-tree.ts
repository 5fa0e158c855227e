// SPDX-License-Identifier: Apache-2.0
// The project's own TypeScript as data: files, what each imports and exports. Read as text, which the formatter keeps regular.
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path/posix";

/** `names`: as the other file calls them; `*` for the whole module, and for `import "x"`. */
export type Import = {
  readonly module: string;
  readonly names: readonly string[];
  readonly typesOnly: boolean;
};
export type SourceFile = {
  /** From the repository's root, as `src/core/index.ts`. */
  readonly path: string;
  readonly text: string;
  /** Of other files of the project; packages are left out. */
  readonly imports: readonly Import[];
  /** Re-exports of other files; `*` for all of them. */
  readonly reexports: readonly Import[];
  /** Names of values that this file itself defines and exports; types may be there to be named by whoever needs them. */
  readonly exports: readonly string[];
};

const STATEMENT =
  /^(import|export)( type)?\s+(?:(\*(?: as \w+)?)|\{([^}]*)\})\s+from\s+"([^"]+)";|^import\s+"([^"]+)";/gm;
const DYNAMIC = /\bimport\(\s*"(\.[^"]+)"\s*\)/g;
const EXPORT =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|class|function\*?)\s+(\w+)/gm;
const EXPORT_LIST = /^export\s+\{([^}]*)\};/gm;

/** Pure. `path` says where relative imports lead. */
export function parseSource(path: string, text: string): SourceFile {
  const imports: Import[] = [];
  const reexports: Import[] = [];
  for (const [, keyword, type, star, list, from, bare] of text.matchAll(STATEMENT)) {
    const module = from ?? bare ?? "";
    if (!module.startsWith(".")) continue;
    const items = splitList(list ?? "");
    const found: Import = {
      module: join(dirname(path), module),
      names: star !== undefined || bare !== undefined ? ["*"] : items.map(({ name }) => name),
      typesOnly: type !== undefined || (items.length > 0 && items.every((item) => item.isType)),
    };
    (keyword === "export" ? reexports : imports).push(found);
  }
  for (const [, module = ""] of text.matchAll(DYNAMIC))
    imports.push({ module: join(dirname(path), module), names: ["*"], typesOnly: false });
  const exports = [...text.matchAll(EXPORT)].map(([, name = ""]) => name);
  for (const [, list = ""] of text.matchAll(EXPORT_LIST))
    exports.push(...splitList(list).map(({ name }) => name));
  return { path, text, imports, reexports, exports };
}

function splitList(list: string): readonly { readonly name: string; readonly isType: boolean }[] {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => ({
      name: item.replace(/^type /, "").split(" as ")[0] ?? "",
      isType: item.startsWith("type "),
    }));
}

/** Every TypeScript file of the project, sorted by path. `root`: the repository. */
export async function readSources(root: string): Promise<readonly SourceFile[]> {
  const paths = await Array.fromAsync(
    glob("{src,bin,lab,scripts,bench,tests}/**/*.ts", {
      cwd: root,
      exclude: (name) => name === "node_modules",
    }),
  );
  return await Promise.all(
    paths.toSorted().map(async (path) => parseSource(path, await readFile(join(root, path), "utf8"))),
  );
}
