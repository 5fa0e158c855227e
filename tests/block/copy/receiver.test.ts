// SPDX-License-Identifier: Apache-2.0
// The contract of receivers, kept by the shells that hosts have.
import { receiverContract } from "../../contract/receiver/contract.ts";
import { shellServes } from "../../support/receivers.ts";

for (const name of ["dash", "bash", "busybox"] as const)
  receiverContract(name, (t) => shellServes(t, name), { hostile: name === "dash" });
