// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../../system/index.ts";
import { readGuestInterfaces } from "./index.ts";
import { parseLog } from "./logs.ts";

const A = "00:11:22:33:44:aa";
const B = "00:11:22:33:44:bb";

test("the last line of an interface tells its address; bridges and what only looks like it do not", () => {
  const log = `Dec  1 web dhclient: Listening on LPF/eth0/${B}
Dec  2 web dhclient: Listening on LPF/eth0/${A.toUpperCase()}
Dec  2 web dhclient: Listening on LPF/br0/${B}
ci-info: | enp3s0 | True |  192.0.2.7  | 255.255.255.0 | global | ${B} |
ci-info: |   lo   | True | 127.0.0.1 | 255.0.0.0 |  host  | . |
Dec  2 kernel: e1000e 0000:00:19.0 eth7: (PCI Express:2.5GT/s) 00:25:90:00:00:01
`;
  assert.deepEqual(
    [...parseLog(log)],
    [
      ["eth0", A],
      ["enp3s0", B],
    ],
  );
});

test("an address out of a log, or of mactab, for a card whose configuration has none", async () => {
  const network = async (files: Readonly<Record<string, string>>) =>
    (
      await readGuestInterfaces(
        memoryView({
          "/etc/network/interfaces": "auto eth0 lan0\niface eth0 inet dhcp\niface lan0 inet dhcp\n",
          ...files,
        }),
      )
    ).interfaces.map(({ name, mac }) => [name, mac]);
  assert.deepEqual(
    await network({
      "/var/log/syslog": `Listening on LPF/eth0/${A}\nListening on LPF/eth9/${B}\n`,
      "/etc/mactab": `# names\nlan0 ${B}\n`,
    }),
    [
      ["eth0", A],
      ["lan0", B],
    ],
  );
});
