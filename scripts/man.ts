// SPDX-License-Identifier: Apache-2.0
// Writes the manual and doc/answers.schema.json from the tables of settings and problems. Tests fail when they are older.
import { writeFileSync } from "node:fs";
import { renderAnswersSchema, renderCodesPage, renderManPage, VERSION } from "../src/ui/index.ts";

writeFileSync(new URL("../doc/man/virt-p2v.1", import.meta.url), renderManPage(VERSION));
writeFileSync(new URL("../doc/man/virt-p2v-codes.7", import.meta.url), renderCodesPage(VERSION));
writeFileSync(new URL("../doc/answers.schema.json", import.meta.url), renderAnswersSchema());
