#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Words of a command line that name disks besides root=: /usr of its own, the key of an encrypted volume, root's journal.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
menu "root=UUID=$ROOT_UUID ro mount.usr=/dev/sda3 mount.usrfstype=ext4 rd.luks.key=/key:/dev/sdb1 cryptkey=/dev/sdb1:ext4:/key rootflags=journal_path=/dev/sda4 quiet"
simple disk.img
rm -rf tree
