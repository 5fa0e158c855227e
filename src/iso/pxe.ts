// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso pxe: a tree for booting over the network, by TFTP or HTTP. The parts of the live system travel as files of the
// initramfs, so that what brings the kernel brings all: no driver, address or server is needed a second time.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { formatBytes, UserError } from "../core/index.ts";
import { run } from "../system/index.ts";
import { findRoom, HEADER_BYTES, readIso } from "./attached.ts";
import { findOnIso } from "./iso9660.ts";

export type IsoPxeOptions = {
  readonly iso: string;
  /** A directory that is not there, or is empty, or holds an earlier tree of ours. */
  readonly out: string;
  /** Where the tree is served over HTTP; null: by TFTP alone. */
  readonly http: string | null;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

const PARTS = ["base.squashfs", "program.squashfs", "attached"] as const;
/** From the medium into the tree. */
const LOADERS = {
  "pxe/shimx64.efi": "bootx64.efi",
  "pxe/grubx64.efi": "grubx64.efi",
  "pxe/mmx64.efi": "mmx64.efi",
};

export async function writePxeTree(options: IsoPxeOptions): Promise<readonly string[]> {
  const { iso, http, say, signal } = options;
  const url = http === null ? null : checkUrl(http);
  const out = resolve(options.out);
  const room = await findRoom(iso, signal);
  await mkdir(dirname(out), { recursive: true });
  const scratch = await mkdtemp(join(dirname(out), ".p2v-pxe-"));
  try {
    say(`Reading ${iso}`);
    const wanted: Record<string, string> = { "boot/grub/grub.cfg": "menu", ...LOADERS };
    for (const name of ["vmlinuz", "initrd.img", ...PARTS]) wanted[`live/${name}`] = name;
    const extracts = Object.entries(wanted).flatMap(([from, to]) => [
      "-extract",
      `/${from}`,
      join(scratch, to),
    ]);
    await readIso(iso, extracts, signal);
    const words = commonWords(await readFile(join(scratch, "menu"), "utf8"));
    say("Writing the tree");
    const tree = join(scratch, "tree");
    await mkdir(join(tree, "pxelinux.cfg"), { recursive: true });
    await mkdir(join(tree, "grub"));
    for (const name of ["vmlinuz", ...Object.values(LOADERS)])
      await rename(join(scratch, name), join(tree, name));
    const { length } = room.header;
    const attachedBytes = length === 0 ? 0 : HEADER_BYTES + length;
    await writeInitramfs(join(tree, "initrd.img"), { scratch, attachedBytes, signal });
    await writeFile(join(tree, "virt-p2v.ipxe"), renderIpxe(words, url));
    await writeFile(join(tree, "grub/grub.cfg"), renderNetworkMenu(words, url));
    await writeFile(join(tree, "pxelinux.cfg/default"), renderPxelinux(words, url));
    const version = room.header.version ?? (await readVersion(iso));
    const versions = version === null ? [] : ["version"];
    if (version !== null) await writeFile(join(tree, "version"), `${version}\n`);
    const names = [
      ...versions,
      "vmlinuz",
      "initrd.img",
      "virt-p2v.ipxe",
      ...Object.values(LOADERS),
      "grub",
      "pxelinux.cfg",
    ];
    await mkdir(out, { recursive: true });
    for (const name of names) {
      await rm(join(out, name), { recursive: true, force: true });
      await rename(join(tree, name), join(out, name));
    }
    say(`${out}: ${formatBytes((await stat(join(out, "initrd.img"))).size)} for each machine that boots`);
    return names.map((name) => join(out, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Of the medium's own program; null: it was made before that was written there. */
async function readVersion(iso: string): Promise<string | null> {
  await using file = await open(iso, "r");
  const extent = await findOnIso(file, "live/version");
  if (extent === null || extent.sizeBytes > 256) return null;
  const bytes = Buffer.alloc(extent.sizeBytes);
  await file.read(bytes, 0, bytes.length, extent.offset);
  return bytes.toString("utf8").trim();
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url !== null &&
    url.protocol === "http:" &&
    url.username === "" &&
    url.search === "" &&
    url.hash === ""
  ) {
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  }
  throw new UserError("http-wrong", `--http "${text}" is not an address that boot loaders understand`, {
    advice: "Give http://HOST[:PORT]/PATH, where the tree is served (boot loaders know no https)",
  });
}

/** The kernel's words of the medium's own menu, without the medium. */
export function commonWords(menu: string): string {
  const common = /^set common="([^"]*)"$/m.exec(menu)?.[1];
  if (common === undefined) throw new Error("The menu of the medium has no common words");
  return common
    .split(" ")
    .filter((word) => !word.startsWith("p2v.medium="))
    .concat("quiet", "loglevel=3", "systemd.show_status=no")
    .join(" ");
}

/** https://ipxe.org/scripting; names without a server are beside the script. */
function renderIpxe(words: string, url: URL | null): string {
  const from = url?.href ?? "";
  return `#!ipxe
kernel ${from}vmlinuz initrd=initrd.img ${words}
initrd --name initrd.img ${from}initrd.img
boot
`;
}

/** For Debian's signed GRUB for networks, which reads grub/grub.cfg of the server that it came from. */
function renderNetworkMenu(words: string, url: URL | null): string {
  const from = url === null ? "/" : `(http,${url.host})${url.pathname}`;
  return `# Started by UEFI over the network: bootx64.efi (shim), then grubx64.efi, then this.
set timeout=5
menuentry "virt-p2v: turn this machine into a virtual one" {
	linux ${from}vmlinuz ${words}
	initrd ${from}initrd.img
}
menuentry "Start this machine's own system" {
	exit
}
`;
}

/** https://wiki.syslinux.org/wiki/index.php?title=PXELINUX; lpxelinux.0 understands http. */
function renderPxelinux(words: string, url: URL | null): string {
  const from = url?.href ?? "";
  return `DEFAULT virt-p2v
PROMPT 0
TIMEOUT 50
LABEL virt-p2v
	KERNEL ${from}vmlinuz
	INITRD ${from}initrd.img
	APPEND ${words}
LABEL local
	LOCALBOOT 0
`;
}

/**
 * The medium's initramfs, and behind it an archive that is not compressed: the kernel takes one after the other
 * (its Documentation/driver-api/early-userspace/buffer-format.rst).
 */
async function writeInitramfs(
  path: string,
  { scratch, attachedBytes, signal }: { scratch: string; attachedBytes: number; signal: AbortSignal },
): Promise<void> {
  const live = join(scratch, "live");
  await mkdir(live);
  const sizes: string[] = [];
  for (const name of PARTS) {
    if (name === "attached" && attachedBytes === 0) continue;
    await rename(join(scratch, name), join(live, name));
    if (name === "attached") await truncate(join(live, name), attachedBytes);
    sizes.push(`${(await stat(join(live, name))).size} ${name}\n`);
  }
  await writeFile(join(live, "sizes"), sizes.join(""));
  // The sizes come first, so that a part for which memory had no room is missed.
  const names = ["live", "live/sizes", ...sizes.map((line) => `live/${line.split(" ")[1]?.trim()}`)];
  const archive = join(scratch, "parts.cpio");
  const argv = [
    "cpio",
    "--quiet",
    "--create",
    "--format=newc",
    "--reproducible",
    "--owner=0:0",
    "-F",
    archive,
  ];
  await run(argv, { cwd: scratch, input: `${names.join("\n")}\n`, signal, timeoutMs: 600_000 });
  await rename(join(scratch, "initrd.img"), path);
  await truncate(path, 4 * Math.ceil((await stat(path)).size / 4));
  await pipeline(
    createReadStream(archive, { highWaterMark: 2 ** 20 }),
    createWriteStream(path, { flags: "a" }),
    { signal },
  );
}
