// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePackages, directoriesFor, fits } from "./choose.ts";
import { contentsOf, type DriverPackage, listedFiles, relations } from "./package.ts";
import { wantedPackage } from "./wanted-package.ts";

const VIRTIO = ["virtio_pci", "virtio_blk", "virtio_net"];
const LACK = { kernel: "2.6.18-53.el5", modules: VIRTIO };

function packageOf(name: string, files: readonly string[], more: Partial<DriverPackage> = {}): DriverPackage {
  return {
    path: `/extras/${name}`,
    kind: "rpm",
    name,
    version: "1-1",
    arch: "x86_64",
    needs: [],
    provides: [],
    ...contentsOf(files),
    ...more,
  };
}

const modulesIn = (release: string, names = VIRTIO): readonly string[] =>
  names.map((name) => `/lib/modules/${release}/extra/${name.replaceAll("_", "-")}.ko.xz`);
const kernelOf = (release: string, name = "kernel", version = release): DriverPackage =>
  packageOf(name, [`/boot/vmlinuz-${release}`, ...modulesIn(release)], { version });

const chosen = (candidates: readonly DriverPackage[], mayAdd = true): string | null => {
  const choice = choosePackages(LACK, candidates, { mayAdd });
  return choice === null ? null : `${choice.kernel}: ${choice.packages.map(({ name }) => name).join(" ")}`;
};

test("modules for this release come before those of its line, and a new kernel comes last", () => {
  const exact = packageOf("kmod-exact", modulesIn(LACK.kernel));
  const weak = packageOf("kmod-weak", modulesIn("2.6.18-8.el5"));
  const other = packageOf("kmod-other", modulesIn("2.6.9-42.EL"));
  const kernel = kernelOf("2.6.18-128.el5");
  assert.equal(chosen([kernel, weak, exact, other]), "2.6.18-53.el5: kmod-exact");
  assert.equal(chosen([kernel, weak, other]), "2.6.18-53.el5: kmod-weak");
  assert.equal(chosen([kernel, other]), "2.6.18-128.el5: kernel");
  assert.equal(chosen([kernel, other], false), null);
  assert.equal(chosen([packageOf("kmod-half", modulesIn(LACK.kernel, ["virtio_blk"]))]), null);
});

test("modules split over packages are taken together, the newest kernel first, and with what it needs", () => {
  const halves = [["virtio_pci", "virtio_blk"], ["virtio_net"]].map((names, index) =>
    packageOf(`kmod-${index}`, modulesIn(LACK.kernel, names)),
  );
  assert.equal(chosen(halves), "2.6.18-53.el5: kmod-0 kmod-1");
  const ring = packageOf("kmod-ring", [], { provides: ["ring(virtio)"] });
  const needy = packageOf("kmod-needy", modulesIn(LACK.kernel), { needs: ["ring(virtio)", "glibc"] });
  assert.equal(chosen([ring, needy]), "2.6.18-53.el5: kmod-needy kmod-ring");
  const kernels = ["2.6.18-128.el5", "2.6.18-398.el5"].map((release) => kernelOf(release));
  assert.equal(chosen(kernels), "2.6.18-398.el5: kernel");
});

test("what never starts in the VM gets no modules: only another kernel, and none of Xen's", () => {
  const lack = { kernel: "2.6.18-53.el5xen", modules: VIRTIO, never: true } as const;
  const kmod = packageOf("kmod-virtio-xen", modulesIn(lack.kernel));
  const forXen = kernelOf("2.6.18-398.el5xen", "kernel-xen");
  assert.equal(choosePackages(lack, [kmod, forXen], { mayAdd: true }), null);
  const plain = kernelOf("2.6.18-128.el5");
  assert.equal(choosePackages(lack, [kmod, forXen, plain], { mayAdd: true })?.kernel, "2.6.18-128.el5");
});

test("directories: the very release first, then the major one, then relatives; architectures by both names", () => {
  const guest = { family: "redhat", id: "centos", version: "5.1", arch: "x86_64" };
  assert.deepEqual(directoriesFor(guest).slice(0, 5), [
    "centos/5.1/x86_64",
    "centos/5.1/amd64",
    "centos/5/x86_64",
    "centos/5/amd64",
    "rhel/5.1/x86_64",
  ]);
  const { arch, ...rest } = guest;
  const rpm = (one: string): boolean => fits({ kind: "rpm", arch: one }, { ...rest, arch });
  assert.deepEqual([rpm("x86_64"), rpm("noarch"), rpm("i686"), rpm("s390x")], [true, true, false, false]);
  assert.equal(fits({ kind: "deb", arch: "amd64" }, guest), false);
});

test("a missing package is named as its distribution names it", () => {
  const xen = false;
  const of = (family: string, id: string, version: string, kernel: string): string =>
    wantedPackage({ family, id, version, arch: "x86_64" }, { kernel, modules: VIRTIO, xen });
  assert.equal(
    of("redhat", "centos", "5.1", "2.6.18-53.el5PAE"),
    "kmod-virtio-*.x86_64.rpm built for 2.6.18-53.el5PAE, or kernel-PAE-2.6.18-128.el5.x86_64.rpm or newer (of centos 5.3)",
  );
  assert.match(
    of("suse", "sles", "10.2", "2.6.16.60-0.21-smp"),
    /^a KMP \(\*-kmp-smp-\*\.x86_64\.rpm\) .*kernel-smp 2\.6\.27/,
  );
  assert.match(
    of("debian", "debian", "4.0", "2.6.18-6-amd64"),
    /^linux-image-\*_amd64\.deb with virtio_pci, .*2\.6\.26 or newer/,
  );
  assert.equal(of("arch", "arch", "", "6.1"), "a kernel with virtio_pci, virtio_blk, virtio_net");
});

test("what dpkg-deb prints is read: files, links, and the names of what a package needs", () => {
  const text =
    "drwxr-xr-x root/root         0 2024-01-01 00:00 ./boot/\n" +
    "-rw-r--r-- root/root   6540000 2024-01-01 00:00 ./boot/vmlinuz-2.6.26-2-amd64\n" +
    "-rw-r--r-- root/root     14000 2024-01-01 00:00 ./lib/modules/2.6.26-2-amd64/kernel/a b/virtio_blk.ko\n" +
    "lrwxrwxrwx root/root         0 2024-01-01 00:00 ./lib/x.ko -> y\n";
  const { kernels, modules } = contentsOf(listedFiles(text));
  assert.deepEqual(kernels, ["2.6.26-2-amd64"]);
  assert.deepEqual([...(modules.get("2.6.26-2-amd64") ?? [])], ["virtio_blk"]);
  assert.deepEqual(relations("linux-base (>= 3~), kmod | module-init-tools, initramfs-tools:any"), [
    "linux-base",
    "kmod",
    "module-init-tools",
    "initramfs-tools",
  ]);
});
