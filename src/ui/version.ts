// SPDX-License-Identifier: Apache-2.0
// The version, from package.json, which the bundler puts into the single file.
import manifest from "../../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
