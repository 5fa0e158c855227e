// SPDX-License-Identifier: Apache-2.0
// Debian's packages that the portable file's programs and libraries come from, unpacked and not configured.
import { cached } from "../../../lab/cache.ts";
import { readMirror } from "../../../lab/demo/system.ts";
import { run } from "../../../src/system/index.ts";
import { readRunPackages } from "../run-packages.ts";

/** The release that virt-p2v is developed on; its glibc (2.36) runs on Linux 3.2 and newer. */
const SUITE = "bookworm";

/** Not on a bare system: shells, basic tools, what Node links. */
const BASIC: readonly string[] = [
  ..."bsdutils busybox-static coreutils dash dpkg findutils grep gzip mawk sed tar".split(" "),
  ..."libc6 libgcc-s1 libstdc++6".split(" "),
  // A live CD needs neither of its own, and a computer at a desk none of the first, which would change how it reboots.
  ..."kexec-tools iproute2".split(" "),
];

/** The boot check and the wizard need far more than the rest together: 200 MB of QEMU, and a terminal's database. */
const LEFT_OUT: readonly string[] = ["qemu-system-x86", "dialog"];

/** In the tree: a line for each package, name, version, and `source=version`. */
export const PACKAGE_LIST = "packages.txt";

/** dpkg's database knows nothing of what is only unpacked; the packages' files are there for a moment. */
const LIST = `for f in "$1"/var/cache/apt/archives/*.deb; do
  dpkg-deb --show --showformat='\${Package} \${Version} \${source:Package}=\${source:Version}\n' "$f"
done >"$1/${PACKAGE_LIST}"`;

/** The tree's path. */
export async function debianTree({
  signal,
  say,
}: {
  signal: AbortSignal;
  say: (text: string) => void;
}): Promise<string> {
  const { needed, useful } = await readRunPackages();
  const names = [...needed, ...useful, ...BASIC].filter((name) => !LEFT_OUT.includes(name)).toSorted();
  const mirror = await readMirror();
  return await cached({
    name: "portable-debian",
    recipe: [SUITE, mirror, ...names],
    signal,
    onProgress: say,
    build: async (path) => {
      const argv = [
        "mmdebstrap",
        "--mode=root",
        "--variant=extract",
        "--format=directory",
        "--components=main",
      ];
      argv.push('--aptopt=APT::Install-Recommends "false"', `--include=${names.join(",")}`);
      await run([...argv, `--extract-hook=${LIST}`, SUITE, path, mirror], { signal, timeoutMs: 30 * 60_000 });
    },
  });
}
