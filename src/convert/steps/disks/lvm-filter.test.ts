// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withVmDisks } from "./lvm-filter.ts";

test("problem 12: an lvm.conf filter for the old disks lets the VM's through, any other stays", () => {
  assertEdit(
    withVmDisks,
    'devices {\n\t# filter = [ "a/.*/" ]\n\tfilter = [ "a|^/dev/sda2$|", "a|^/dev/sd[bc]$|", "r|.*|" ]  # local\n}\n',
    'devices {\n\t# filter = [ "a/.*/" ]\n\tfilter = [ "a|^/dev/vd|", "a|^/dev/xvd|", "a|^/dev/sda2$|", "a|^/dev/sd[bc]$|", "r|.*|" ]  # local\n}\n',
  );
  assertEdit(
    withVmDisks,
    'global_filter=["a|/dev/disk/by-id/scsi-36.*|",\n  # no more\n  "r|.*|"]\n',
    'global_filter=[ "a|^/dev/vd|", "a|^/dev/xvd|", "a|/dev/disk/by-id/scsi-36.*|",\n  # no more\n  "r|.*|"]\n',
  );
  for (const same of [
    'filter = [ "a/.*/" ]\n',
    'filter = [ "r|/dev/cdrom|" ]\n',
    'filter = [ "a|/dev/sda|", "r|/dev/sr.*|" ]\n', // all else is let through
    'filter = [ "a|/dev/md.*|", "r|.*|" ]\n', // volumes on an array: the array is there too
    'filter = [ "a|/dev/sda|", \n', // broken
    'filter = "r|/dev/cdrom|"\n',
  ])
    assert.equal(withVmDisks(same), same);
});
