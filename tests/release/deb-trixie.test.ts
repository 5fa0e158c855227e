// SPDX-License-Identifier: Apache-2.0
// The Debian package in a clean Debian 13.
import { test } from "node:test";
import { installAndMigrate } from "../support/release/installed-deb.ts";

test("in a clean Debian 13: apt installs it with its dependencies, and it migrates a small disk", (t) =>
  installAndMigrate(t, "trixie"));
