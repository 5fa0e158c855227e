// SPDX-License-Identifier: Apache-2.0
// Memory that the old machine had and the VM may not: huge pages above all, which leave programs nothing. Only reported: how
// much a database needs is a person's decision.
import { formatBytes, guestFiles, makeProblem } from "../../../core/index.ts";
import { readQuietly } from "../../text/read-quietly.ts";
import { step, type StepContext } from "../step.ts";
import { filesIn } from "../../loaders/command-lines.ts";
import { ALL_FILES } from "../../loaders/list.ts";
import {
  readKernelMemory,
  readPageWrites,
  readSysctls,
  type Reservation,
  type Reserved,
} from "../../memory/reservations.ts";
import { readSysctlFiles } from "../../memory/sysctl-files.ts";

export const memory = step(
  {
    name: "memory",
    explains: "Reports huge pages and other memory that the guest sets aside, where the VM has too little",
  },
  async (context) => {
    const { view, intent, draft } = context;
    const lines = await readCommandLines(context);
    const sysctls = readSysctls(await readSysctlFiles(view));
    const parsed = lines.map((line) => ({ ...line, ...readKernelMemory(line.words, intent.memoryBytes) }));
    const worst = parsed.toSorted((a, b) => kernelBytes(b) - kernelBytes(a))[0];
    const found = [
      ...(worst === undefined ? [] : ofKernel(worst)),
      ...ofSysctl(sysctls, worst?.defaultPageBytes),
      ...(await ofScripts(view)),
    ];
    const sum = sumOf(found);
    if (sum > intent.memoryBytes - Math.min(LEAST, intent.memoryBytes / 4))
      draft.problem(
        makeProblem("memory-reserved", {
          about: guestFiles(...new Set(found.flatMap(({ paths }) => paths))),
          text: `The guest sets aside ${formatBytes(sum)} of memory at boot, and the VM has ${formatBytes(intent.memoryBytes)}: ${found.map(describe).join("; ")}`,
          advice:
            "Give the VM more with --memory, or lower these numbers on the machine before, or in the VM; with so little left it hangs or kills programs at boot",
        }),
      );
    const crash = parsed.find(({ crashBytes }) => (crashBytes ?? 0) > intent.memoryBytes / 2);
    if (crash !== undefined)
      draft.problem(
        makeProblem("crashkernel-too-large", {
          about: guestFiles(...crash.paths),
          text: `crashkernel= asks for ${formatBytes(crash.crashBytes ?? 0)}, and the VM has ${formatBytes(intent.memoryBytes)}`,
          advice: "Lower it in the VM, or give the VM more with --memory; else kdump does not start there",
        }),
      );
    const limited = parsed.find(({ limitBytes }) => limitBytes !== null && limitBytes < intent.memoryBytes);
    if (limited !== undefined)
      draft.problem(
        makeProblem("memory-limited", {
          about: guestFiles(...limited.paths),
          text: `mem= lets the kernel use ${formatBytes(limited.limitBytes ?? 0)} of the VM's ${formatBytes(intent.memoryBytes)}`,
          advice: "Remove the word from the command line, if the limit was for the old machine",
        }),
      );
  },
);

/** What a small server needs beside them. */
const LEAST = 512 * 2 ** 20;
const NOTABLE = 64 * 2 ** 20;

type Line = { readonly words: string; readonly paths: readonly string[] };
type Found = Reservation & {
  readonly paths: readonly string[];
  /** Of huge pages. */
  readonly pageBytes?: number;
};

/** sysctl sets the number of pages of a size anew: the larger one counts. */
function sumOf(found: readonly Found[]): number {
  const pages = new Map<number, number>();
  let others = 0;
  for (const { pageBytes, bytes } of found)
    if (pageBytes === undefined) others += bytes;
    else pages.set(pageBytes, Math.max(pages.get(pageBytes) ?? 0, bytes));
  return [...pages.values()].reduce((sum, bytes) => sum + bytes, others);
}

/** Those of menus; what they are written from where there is no menu, or where it says the same. */
async function readCommandLines({ view }: StepContext): Promise<readonly Line[]> {
  const lines = new Map<string, { words: string; paths: Set<string> }>();
  for (const kind of ALL_FILES)
    for (const path of await kind.paths(view)) {
      const text = await readQuietly(view, path);
      if (text === null || !WORDS.test(text)) continue;
      // What tuned adds to each entry is in a variable of the menu or of its environment.
      const tuned = [...text.matchAll(/^\s*(?:set\s+)?tuned_params=([^\n]{0,2000})/gm)].map(
        ([, words = ""]) => words,
      );
      const add = (all: string): void => {
        const words = [all, ...tuned]
          .flatMap((one) => one.split(/[ \t\r\n"']+/))
          .filter((word) => WORDS.test(word))
          .join(" ");
        const one = lines.get(words) ?? { words, paths: new Set() };
        if (words !== "") lines.set(words, one);
        one.paths.add(path);
      };
      kind.edit(text, (line) => {
        add(`${line.others} ${line.text}`);
        return line.text;
      });
      if (tuned.length > 0) add("");
    }
  return [...lines.values()].map(({ words, paths }) => ({ words, paths: [...paths] }));
}

const WORDS = /(?:^|[ \t\n"'=])(?:hugepages|(?:default_)?hugepagesz|hugetlb_cma|crashkernel|mem|memmap)=/;

const kernelBytes = (reserved: Reserved): number => sumOf(ofKernel({ ...reserved, paths: [] }));

const ofKernel = ({ pages, others, paths }: Reserved & { paths: readonly string[] }): readonly Found[] => [
  ...[...pages].map(([size, count]) => ({
    word: `hugepages=${count} of ${formatBytes(size)}`,
    bytes: count * size,
    paths,
    pageBytes: size,
  })),
  ...others.map((other) => ({ ...other, paths })),
];

function ofSysctl(sysctls: ReturnType<typeof readSysctls>, pageBytes = 2 * 2 ** 20): readonly Found[] {
  return SYSCTLS.flatMap(({ key, unit }) => {
    const found = sysctls.get(key);
    const count = /^\d{1,12}$/.test(found?.value ?? "") ? Number(found?.value) : 0;
    const unitBytes = unit ?? pageBytes;
    if (found === undefined || count * unitBytes < NOTABLE) return [];
    const of = unit === undefined ? ` of ${formatBytes(pageBytes)}` : "";
    const reservation = { word: `${key}=${count}${of}`, bytes: count * unitBytes, paths: [found.path] };
    return [unit === undefined ? { ...reservation, pageBytes } : reservation];
  });
}

async function ofScripts(view: StepContext["view"]): Promise<readonly Found[]> {
  const paths = [
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    ...(await filesIn(view, "/etc/tmpfiles.d", [".conf"])),
    ...(await filesIn(view, "/etc/systemd/system", [".service"])),
  ];
  const found: Found[] = [];
  for (const path of paths) {
    if ((await view.resolve(path)) !== path) continue; // RHEL 7 has a link in /etc
    const counts = new Map<number, number>();
    for (const { pageBytes, count } of readPageWrites((await readQuietly(view, path)) ?? ""))
      counts.set(pageBytes, (counts.get(pageBytes) ?? 0) + count);
    for (const [pageBytes, count] of counts)
      found.push({
        word: `nr_hugepages=${count} of ${formatBytes(pageBytes)}`,
        bytes: count * pageBytes,
        pageBytes,
        paths: [path],
      });
  }
  return found;
}

/** Each in pages of the default size, or in a unit of its own. */
const SYSCTLS: readonly { readonly key: string; readonly unit?: number }[] = [
  { key: "vm.nr_hugepages" },
  { key: "vm.min_free_kbytes", unit: 1024 },
];

const describe = ({ word, bytes, paths }: Found): string =>
  `${word} (${formatBytes(bytes)}) in ${paths.slice(0, 3).join(", ")}`;
