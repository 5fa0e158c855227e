// SPDX-License-Identifier: Apache-2.0
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withHwaddr } from "./ifcfg.ts";

const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "given" }];

test("problem 3: HWADDR becomes the address of the VM's card", () => {
  assertEdit(
    (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: true }),
    'DEVICE="eth0"\nHWADDR=00:1A:64:00:00:01 # old\nONBOOT=yes\n',
    'DEVICE="eth0"\nHWADDR=52:54:00:12:34:56 # old\nONBOOT=yes\n',
  );
  assertEdit(
    (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: true }),
    "ONBOOT=yes",
    "ONBOOT=yes\nHWADDR=52:54:00:12:34:56\n",
  );
});
