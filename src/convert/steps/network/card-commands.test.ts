// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { failingCommands } from "./card-commands.ts";

test("commands that set up a card, but none that are expected to fail, nor those that only ask", () => {
  const text = `auto eno1
iface eno1 inet static
  address 192.0.2.10/24
  pre-up ethtool -G $IFACE rx 4096 \\
    tx 4096
  up /sbin/ethtool -s eno1 wol g
  post-up ethtool -K eno1 gro off || true
  up ethtool eno1
  up ip route add 198.51.100.0/24 via 192.0.2.2
  down ethtool -s eno1 wol g
iface eno2 inet dhcp
  hardware-dma-ring-rx 4096
allow-hotplug eno3
  pre-up ethtool -G nobody rx 1
`;
  assert.deepEqual(
    [...failingCommands(text)],
    [
      ["eno1", ["pre-up ethtool -G $IFACE rx 4096      tx 4096", "up /sbin/ethtool -s eno1 wol g"]],
      ["eno2", ["hardware-dma-ring-rx 4096"]],
    ],
  );
});
