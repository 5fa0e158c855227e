#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ifupdown: a pre-up command sets ring buffers and speed of the old card. On virtio it fails, and ifup then leaves the card down.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf 'auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n  hwaddress ether 52:54:00:00:00:01\n  pre-up ethtool -G $IFACE rx 4096 tx 4096\n  pre-up ethtool -s $IFACE speed 1000 duplex full autoneg off\n' | put etc/network/interfaces
simple disk.img
rm -rf tree
