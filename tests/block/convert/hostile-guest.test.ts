// SPDX-License-Identifier: Apache-2.0
// Guests that somebody prepared against us, through the real command: nothing around the guest is read or changed, the
// command ends soon and says what it met, and nothing is left behind. More of them: tests/matrix.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { attachLoop, run } from "../../../src/system/index.ts";
import { cli, PROGRAM } from "../../support/cli.ts";
import { assertHarmless, convertHarmlessly, FILES, limits } from "../../support/guests/hostile-checks.ts";
import {
  type Hostile,
  readConverted,
  RELEASE,
  replaceBy,
  TARGETS,
  useHostile,
} from "../../support/guests/hostile-guest.ts";
import { temporary } from "../../support/temporary.ts";

for (const [how, target] of [
  ["absolute", (outside: Hostile["outside"], path: string) => outside.path + path],
  ["relative", (outside: Hostile["outside"], path: string) => outside.relative(outside.path + path)],
] as const)
  test(`every file a symbolic link out of the root, ${how}`, limits, async (t) => {
    const guest = await useHostile(t, {
      plant: async (root, outside) => {
        for (const path of FILES) await replaceBy(root + path, (at) => symlink(target(outside, path), at));
      },
    });
    const ended = await convertHarmlessly(t, guest);
    assert.deepEqual(ended.said?.changes.filter(({ path }) => path in TARGETS) ?? [], []);
  });

test("names and words with control characters", limits, async (t) => {
  const bad = "\u001b]0;owned\u0007\u001b[2J\r\n\u009b31m";
  const guest = await useHostile(t, {
    plant: async (root) => {
      await writeFile(
        join(root, "etc/os-release"),
        `ID=debian\nPRETTY_NAME="Evil ${bad.replaceAll("\n", "")}"\n`,
      );
      await writeFile(join(root, "etc/hostname"), `evil${bad}\n`);
      for (const directory of [
        "etc/modprobe.d",
        "etc/netplan",
        "etc/systemd/network",
        "etc/NetworkManager/system-connections",
        "boot/loader/entries",
        "etc/udev/rules.d",
      ]) {
        const [name = ""] = await readdir(join(root, directory));
        const at = join(root, directory);
        await rename(join(at, name), join(at, `x${bad}${name}`));
      }
      await rename(join(root, `boot/vmlinuz-${RELEASE}`), join(root, `boot/vmlinuz-${bad}`));
      await writeFile(
        join(root, "etc/fstab"),
        `/dev/sda1 / ext4\n/dev/sdz9 /m${bad.replaceAll("\n", "\\012")} ext4\n`,
      );
      await writeFile(
        join(root, "etc/mdadm/mdadm.conf"),
        `ARRAY /dev/md${bad.replaceAll("\n", "")} devices=/dev/sda1\n`,
      );
    },
    hook: `printf 'P2V: \\033[2J\\007words of the guest\\n' >&2`,
  });
  await convertHarmlessly(t, guest);
  const plan = await run([PROGRAM, "convert", guest.image, "--name", "vm", "--diff", "--verbose"], {
    allowCodes: [0, 1, 2, 3, 4, 5, 6],
  });
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(plan.stdout + plan.stderr, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});

/** Each line says what it could do. `OUTSIDE`, `LOOP`, `PID` and `PORT` are things of this machine that it must not reach. */
const HOOK = `
yes() { echo "P2V: DONE $*" >&2; }
mknod /tmp/disk b LOOP && dd if=/tmp/disk bs=512 count=1 of=/tmp/read && yes a disk was read
echo spoiled > /tmp/spoiled; dd if=/tmp/spoiled of=/tmp/disk bs=8 count=1 conv=notrunc && yes a disk was written
mknod /tmp/memory c 1 1 && dd if=/tmp/memory bs=1 count=1 of=/tmp/read && yes memory was read
mount -t tmpfs none /mnt && yes mounted
mount -o remount,rw /proc && yes proc made writable
mount -t proc none /mnt && yes another proc
mount -t sysfs none /mnt && yes sysfs
echo h > /proc/sysrq-trigger && yes sysrq
echo 1 > /proc/sys/vm/drop_caches && yes sysctl
losetup -a | grep . && yes loop devices seen
ls /sys/block | grep . && yes disks seen
[ -s /proc/partitions ] && yes partitions seen
[ -s /proc/swaps ] && yes swaps seen
ls /proc/fs /proc/bus | grep -v : | grep . && yes file systems seen
busybox unshare -U true && yes a user namespace
busybox unshare -m true && yes a mount namespace
for p in /proc/[0-9]*; do [ -e $p/rootOUTSIDE ] && yes the root of another process; done
cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -e [q]emu -e [n]ode && yes processes seen
kill -9 PID && yes killed
wget -T 2 -q -O /tmp/read http://127.0.0.1:PORT/ && yes network
nc -w 2 127.0.0.1 PORT < /dev/null && yes connected
cat OUTSIDE/etc/fstab && yes a file read
ln -s OUTSIDE/etc /tmp/etc; cat /tmp/etc/fstab && yes a file read by a link
mkdir -p OUTSIDE/etc; echo spoiled > OUTSIDE/etc/fstab
for n in $(seq 11 255); do [ -s /proc/self/fd/$n ] && yes descriptor $n; done
rm -rf /boot/grub OUTSIDE; echo hostile > /etc/fstab
echo "P2V: came to its end" >&2
`;

test(
  "an initramfs tool that tries the disks, the network and the processes of this machine",
  limits,
  async (t) => {
    const connections: string[] = [];
    const server = createServer((socket) => {
      connections.push(String(socket.remoteAddress));
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const victim = spawn("sleep", ["300"]);
    t.after(() => victim.kill());
    const directory = await temporary(t);
    const disk = join(directory, "disk.img");
    await writeFile(disk, Buffer.alloc(2 ** 20, "a disk of this machine\n"));
    const before = await readFile(disk);
    await using loop = await attachLoop(disk, { offset: 0, sizeBytes: before.length, readOnly: false });
    const guest = await useHostile(t, {
      plant: async (root, outside) => {
        const tool = join(root, "usr/sbin/mkinitramfs");
        const words = {
          LOOP: `7 ${loop.path.slice(9)}`,
          PID: `${victim.pid}`,
          PORT: `${port}`,
          OUTSIDE: outside.path,
        };
        const hook = Object.entries(words).reduce((all, [name, value]) => all.replaceAll(name, value), HOOK);
        await writeFile(
          tool,
          (await readFile(tool, "utf8")).replace("exec cp", () => `${hook}\nexec cp`),
        );
      },
    });
    const image = await readFile(guest.image);
    const ended = await convertHarmlessly(t, guest);
    assert.equal(ended.code, 0, ended.stderr);
    const words = ended.said?.problems.map(({ text }) => text).join("\n") ?? "";
    assert.doesNotMatch(words, /DONE/);
    assert.match(words, /came to its end/);
    assert.deepEqual(connections, []);
    assert.equal(victim.exitCode ?? victim.signalCode, null);
    assert.ok((await readFile(disk)).equals(before), "the disk is as it was");
    assert.ok((await readFile(guest.image)).equals(image), "the image is as it was");
    // What it did to the guest was done to a copy.
    assert.match(await readConverted(guest, "/etc/fstab"), /^UUID=\S+ \/ ext4/);
    assert.match(await readConverted(guest, "/boot/grub/grub.cfg"), /menuentry/);
  },
);

test("an initramfs tool that starts processes without end is ended, and said to", limits, async (t) => {
  const guest = await useHostile(t, {
    hook: "i=0; while [ $i -lt 20000 ]; do sleep 4711 & i=$((i + 1)); done; sleep 4711",
  });
  const ended = await cli(["convert", guest.image, "--name", "vm", "--diff", "--verbose"], {
    timeoutMs: 60_000,
  });
  await assertHarmless(guest, { ...ended, said: null });
  assert.match(ended.stdout.replaceAll(/\s+/g, " "), /it started more than 2000 processes/);
  const left = await run(["pgrep", "--full", "^sleep 4711"], { allowCodes: [1] });
  assert.equal(left.stdout, "");
});
