#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A card named by its address (enx...): the configuration knows no other place for it.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
printf 'auto lo\niface lo inet loopback\nauto enx525400000001\niface enx525400000001 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n' | put etc/network/interfaces
simple disk.img
rm -rf tree
