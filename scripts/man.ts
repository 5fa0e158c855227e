// SPDX-License-Identifier: Apache-2.0
// Writes doc/man/virt-p2v.1 from the settings table. A test fails when the page is older than the table.
import { writeFileSync } from "node:fs";
import { renderManPage, VERSION } from "../src/ui/index.ts";

writeFileSync(new URL("../doc/man/virt-p2v.1", import.meta.url), renderManPage(VERSION));
