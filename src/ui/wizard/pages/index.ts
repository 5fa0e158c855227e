// SPDX-License-Identifier: Apache-2.0
// The pages, in their order.
import type { Page } from "../page.ts";
import { disks } from "./disks.ts";
import { encryption } from "./encryption.ts";
import { directory, host, hostKey, hostKind, login } from "./host.ts";
import { keyboard } from "./keyboard.ts";
import { mirrors } from "./mirrors.ts";
import { networkLink, networkLinks } from "./network-links.ts";
import { networkCheck, networkWay } from "./network.ts";
import { system } from "./system.ts";
import { vm } from "./vm.ts";
import { welcome } from "./welcome.ts";

export const PAGES: readonly Page[] = [
  welcome,
  keyboard,
  encryption,
  networkWay,
  networkLinks,
  networkLink,
  networkCheck,
  hostKind,
  directory,
  host,
  hostKey,
  login,
  disks,
  system,
  mirrors,
  vm,
];
