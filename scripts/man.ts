// SPDX-License-Identifier: Apache-2.0
// Writes doc/man/virt-p2v.1 and doc/answers.schema.json from the settings table. Tests fail when they are older than it.
import { writeFileSync } from "node:fs";
import { renderAnswersSchema, renderManPage, VERSION } from "../src/ui/index.ts";

writeFileSync(new URL("../doc/man/virt-p2v.1", import.meta.url), renderManPage(VERSION));
writeFileSync(new URL("../doc/answers.schema.json", import.meta.url), renderAnswersSchema());
