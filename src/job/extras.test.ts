// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sortExtras } from "./extras.ts";

test("packages lie in DISTRO/VERSION/ARCH; whatever lies elsewhere is named", () => {
  const { packages, others } = sortExtras([
    "rhel/5/x86_64/kmod-virtio.rpm",
    "rhel/5/kmod-lost.rpm",
    "debian/7/amd64/linux-image.deb",
    "debian/7/amd64/old/linux-image.deb",
    "scripts/post.sh",
  ]);
  assert.deepEqual(
    packages.map(({ distro, version, arch, file }) => [distro, version, arch, file].join(" ")),
    ["debian 7 amd64 linux-image.deb", "rhel 5 x86_64 kmod-virtio.rpm"],
  );
  assert.deepEqual(others, ["debian/7/amd64/old/linux-image.deb", "rhel/5/kmod-lost.rpm", "scripts/post.sh"]);
});
