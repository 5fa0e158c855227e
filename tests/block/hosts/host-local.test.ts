// SPDX-License-Identifier: Apache-2.0
import { localHost } from "../../../src/hosts/index.ts";
import { hostContract } from "../../contract/host.ts";

hostContract("localHost()", () => Promise.resolve(localHost()));
