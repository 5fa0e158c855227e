#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
cd "$(dirname "$0")"; . ../lib.sh
base_tree tree
simple disk.img
rm -rf tree
