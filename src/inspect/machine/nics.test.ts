// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { readNics } from "./nics.ts";
import { sysrootOf } from "./sysroot.ts";

test("cards by their places in udev's database, a changed address put right, and functions that are lent", async () => {
  const files: Record<string, string> = {
    "/sys/class/net/ens4/ifindex": "2\n",
    "/sys/class/net/ens4/address": "02:00:00:00:00:09\n",
    "/sys/class/net/ens4/type": "1\n",
    "/sys/class/net/ens4/device/vendor": "0x8086\n",
    "/run/udev/data/n2":
      "E:ID_NET_NAME_MAC=enx525400000001\nE:ID_NET_NAME_PATH=enp3s0\nE:ID_NET_NAME_SLOT=ens4\nE:ID_NET_NAME_ONBOARD=../x\n",
    "/sys/class/net/ens4v0/address": "52:54:00:00:00:05\n",
    "/sys/class/net/ens4v0/device/physfn/vendor": "0x8086\n",
  };
  const { nics } = await readNics(sysrootOf(memoryView(files), { live: true }));
  assert.deepEqual(
    nics.map(({ name, mac, names, aside }) => ({ name, mac, names, aside })),
    [
      {
        name: "ens4",
        mac: "52:54:00:00:00:01",
        names: { slot: "ens4", path: "enp3s0", mac: "enx525400000001" },
        aside: undefined,
      },
      { name: "ens4v0", mac: "52:54:00:00:00:05", names: undefined, aside: true },
    ],
  );
});

test("a dom0's vifs are no cards; wireless stands aside", async () => {
  const of = (name: string, mac: string, driver: string): Record<string, string> => ({
    [`/sys/class/net/${name}/address`]: `${mac}\n`,
    [`/sys/class/net/${name}/device/driver/x`]: "",
    [`/sys/class/net/${name}/device/uevent`]: `DRIVER=${driver}\n`,
  });
  const files = {
    ...of("eth0", "00:0d:3a:00:00:01", "hv_netvsc"),
    ...of("vif1.0", "fe:ff:ff:ff:ff:ff", "vif"),
    ...of("wlan0", "00:0d:3a:00:00:03", "iwlwifi"),
    "/sys/class/net/wlan0/phy80211/name": "phy0\n",
  };
  const { nics } = await readNics(sysrootOf(memoryView(files), { live: true }));
  assert.deepEqual(
    nics.map(({ name, aside }) => [name, aside]),
    [
      ["eth0", undefined],
      ["wlan0", true],
    ],
  );
});
