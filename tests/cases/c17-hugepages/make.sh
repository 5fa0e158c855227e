#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A database server of 128 GiB that reserves 96 GiB in huge pages at boot, on the command line and by sysctl.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
menu "root=UUID=$ROOT_UUID ro default_hugepagesz=1G hugepagesz=1G hugepages=64"
printf 'vm.nr_hugepages = 32768\n' | put etc/sysctl.d/97-oracle.conf
simple disk.img
rm -rf tree
