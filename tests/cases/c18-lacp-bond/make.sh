#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two cards in an LACP bond (802.3ad), a tagged VLAN above it with the only address.
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
rm -r tree/etc/network
put etc/netplan/01-bond.yaml <<'END'
network:
  version: 2
  renderer: networkd
  ethernets:
    eno1:
      match: {macaddress: "52:54:00:00:00:01"}
      set-name: eno1
    eno2:
      match: {macaddress: "52:54:00:00:00:02"}
      set-name: eno2
  bonds:
    bond0:
      interfaces: [eno1, eno2]
      parameters:
        mode: 802.3ad
        lacp-rate: fast
        mii-monitor-interval: 100
  vlans:
    bond0.120:
      id: 120
      link: bond0
      addresses: [192.0.2.10/24]
      routes:
        - to: default
          via: 192.0.2.1
END
simple disk.img
rm -rf tree
