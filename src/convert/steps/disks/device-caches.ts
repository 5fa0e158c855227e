// SPDX-License-Identifier: Apache-2.0
// Caches of which device holds what. Their programs create them again; until then old names may be believed.
import { step } from "../step.ts";

/** blkid(8) and its older places; LVM's persistent filter cache (lvm.conf(5), cache_dir). */
const CACHES = [
  "/etc/blkid.tab",
  "/etc/blkid/blkid.tab",
  "/etc/blkid.tab.old",
  "/etc/lvm/cache/.cache",
  "/etc/lvm/.cache",
];

export const deviceCaches = step(
  {
    name: "device-caches",
    explains: "Removes the caches of blkid and LVM, which list devices of the old machine",
  },
  async ({ draft }) => {
    for (const path of CACHES)
      await draft.remove(path, { why: "It caches which device holds what; its program creates it again" });
  },
);
