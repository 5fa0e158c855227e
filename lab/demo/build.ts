// SPDX-License-Identifier: Apache-2.0
// From the files of a Debian system to the disk of a server that has worked for years. Needs root.
import { mkdtemp, readFile, readdir, rm, rmdir, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachLoop, mount, replaceFile, run, unmount } from "../../src/system/index.ts";
import {
  DEMO_DEVICE_MAP,
  DEMO_DISK_ID,
  DEMO_FILES,
  DEMO_INITRAMFS_FILES,
  DEMO_UUIDS,
  agedFiles,
  plant,
  plantOddFiles,
  writeAgedFile,
} from "./files.ts";

const MIB = 2 ** 20;
const SIZE_BYTES = 6144 * MIB;
const ROOT = { start: 1 * MIB, sizeBytes: 5632 * MIB };
const SWAP = { start: 5635 * MIB, sizeBytes: 508 * MIB };

/** d-i's layout: sda1, an extended sda2 up to the end, in it sda5 one MiB behind its EBR. */
const TABLE = `label: dos
label-id: 0x000a11c0
unit: sectors
1 : start=${ROOT.start / 512}, size=${ROOT.sizeBytes / 512}, type=83, bootable
2 : start=${(SWAP.start - MIB) / 512}, size=${(SIZE_BYTES - SWAP.start + MIB) / 512}, type=5
5 : start=${SWAP.start / 512}, size=${SWAP.sizeBytes / 512}, type=82
`;

type BuildOptions = { systemTar: string; signal: AbortSignal; onProgress?: (text: string) => void };

export async function buildDemoDisk(
  path: string,
  { systemTar, signal, onProgress = () => undefined }: BuildOptions,
): Promise<void> {
  await freeLeftovers(path);
  await writeFile(path, "", { flag: "wx", mode: 0o644 });
  await truncate(path, SIZE_BYTES);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path], { input: TABLE, signal });
  await using directory = await temporaryDirectory();
  await using disk = await attachLoop(path, { offset: 0, sizeBytes: SIZE_BYTES, readOnly: false, signal });
  await using parts = await attachPartitions(disk.path);
  await makeFilesystems(parts, signal);
  await using mounted = await mount(parts.root, directory.path, { type: "ext4", options: [], signal });
  const root = mounted.path;

  onProgress("unpacking the system");
  await run(["tar", "-C", root, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xf", systemTar], {
    signal,
    timeoutMs: 300_000,
  });
  await plant(root, { ...DEMO_INITRAMFS_FILES, ...DEMO_FILES });
  await plantOddFiles(root);
  onProgress("initramfs, boot loader");
  await setUpInside(root, disk.path, parts.root, signal);
  onProgress("years of use: 1.5 GiB written, half deleted");
  await age(root, signal);
}

/** mke2fs with a fixed UUID and hash seed, so that directories are laid out the same each time. */
async function makeFilesystems(parts: { root: string; swap: string }, signal: AbortSignal): Promise<void> {
  const { root, swap } = DEMO_UUIDS;
  const extended = `hash_seed=${root},lazy_itable_init=0,nodiscard`;
  await run(["mkfs.ext4", "-q", "-U", root, "-E", extended, parts.root], { signal });
  await run(["mkswap", "-U", swap, parts.swap], { signal });
}

/** What needs the guest's own programs. Nothing is started there: no package is configured, no service touched. */
async function setUpInside(
  root: string,
  disk: string,
  rootDevice: string,
  signal: AbortSignal,
): Promise<void> {
  await using binds = new AsyncDisposableStack();
  for (const path of ["/dev", "/proc", "/sys"]) binds.use(await bind(path, join(root, path)));
  const inside = (argv: readonly string[], input?: string): Promise<unknown> =>
    run(["chroot", root, ...argv], {
      signal,
      timeoutMs: 300_000,
      env: { DEBIAN_FRONTEND: "noninteractive", HOME: "/root" },
      ...(input === undefined ? {} : { input }),
    });
  await inside(["chpasswd"], "root:p2v\n");
  await inside(["setfattr", "-n", "user.origin", "-v", "scanner 3, room 12", "/srv/orders/state.tmp"]);
  await inside(["setfattr", "-n", "user.checksum", "-v", "0x00ff10fe", "/srv/orders/state.tmp"]);
  const devices = `grub-pc grub-pc/install_devices multiselect /dev/disk/by-id/${DEMO_DISK_ID}\n`;
  await inside(["debconf-set-selections"], devices);
  await inside(["update-initramfs", "-u", "-k", "all"]);
  await inside(["grub-install", "--target=i386-pc", disk]);
  await inside(["grub-mkconfig", "-o", "/boot/grub/grub.cfg"]);
  // The controller's name is the only thing here that the machine itself would have said otherwise.
  const menu = join(root, "boot/grub/grub.cfg");
  const text = (await readFile(menu, "utf8")).replaceAll(rootDevice, "/dev/sda1");
  if (!text.includes("root=/dev/sda1") || text.includes(disk))
    throw new Error("grub.cfg does not name /dev/sda1");
  await replaceFile(menu, text, { mode: 0o444 });
  await plant(root, { "/boot/grub/device.map": DEMO_DEVICE_MAP });
  await noVirtio(root, signal);
}

/** The test is worth something only while the unconverted initramfs cannot drive a VM's disk. */
async function noVirtio(root: string, signal: AbortSignal): Promise<void> {
  const images = (await readdir(join(root, "boot"))).filter((name) => name.startsWith("initrd.img-"));
  if (images.length === 0) throw new Error("The demo machine has no initramfs");
  for (const image of images) {
    const { stdout } = await run(["chroot", root, "lsinitramfs", `/boot/${image}`], { signal });
    if (
      !/\/ata_piix\.ko/.test(stdout) ||
      !/\/ext4\.ko/.test(stdout) ||
      /\/(virtio|xen)[^\n]*\.ko/.test(stdout)
    )
      throw new Error(`${image} does not hold what it should`);
  }
}

/** Files must reach the disk before they are deleted, or their blocks never become stale. */
async function age(root: string, signal: AbortSignal): Promise<void> {
  const files = agedFiles();
  for (const file of files) {
    signal.throwIfAborted();
    await writeAgedFile(root, file);
  }
  const flush = (): Promise<unknown> => run(["sync", "--file-system", root], { signal, timeoutMs: 300_000 });
  await flush();
  for (const file of files) if (!file.kept) await rm(join(root, file.path));
  await flush();
}

type Partitions = AsyncDisposable & { readonly root: string; readonly swap: string };

/** The kernel here reads no partition tables by itself; partx tells it. */
async function attachPartitions(disk: string): Promise<Partitions> {
  await run(["partx", "--add", disk]);
  return {
    root: `${disk}p1`,
    swap: `${disk}p5`,
    async [Symbol.asyncDispose]() {
      await run(["partx", "--delete", disk]);
    },
  };
}

async function bind(from: string, to: string): Promise<AsyncDisposable> {
  await run(["mount", "--bind", from, to]);
  return { [Symbol.asyncDispose]: () => unmount(to) };
}

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "p2v-demo-"));
  return { path, [Symbol.asyncDispose]: () => rmdir(path) };
}

/** What a builder that was killed left attached to `path`. */
async function freeLeftovers(path: string): Promise<void> {
  const { stdout } = await run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]);
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  for (const line of stdout.split("\n")) {
    const [device, file] = line.trim().split(/\s+/);
    if (device === undefined || file !== path) continue;
    const [, target] = mounts.find(([from]) => from === `${device}p1`) ?? [];
    if (target !== undefined) {
      await run(["umount", "--recursive", target]);
      await rmdir(target);
    }
    await run(["partx", "--delete", device], { allowCodes: [1] });
    await run(["losetup", "--detach", device]);
  }
}
