#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fstab mounts a data disk by name with nofail, and that disk is not given: the VM boots, and its service writes into the root.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
mkdir -p tree/srv/data tree/srv/more
printf 'UUID=%s / ext4 errors=remount-ro 0 1\n/dev/sdb1 /srv/data ext4 defaults,nofail 0 2\nUUID=%s /srv/more ext4 defaults,nofail 0 2\n' $ROOT_UUID 22222222-aaaa-4bbb-8ccc-000000000009 | put etc/fstab
simple sda.img
rm -rf tree
