// SPDX-License-Identifier: Apache-2.0
// The contract of receivers, kept by the agent. Shells keep it too: tests/block/copy/receiver.test.ts.
import { agentServes } from "../support/receivers.ts";
import { receiverContract } from "./receiver/contract.ts";

receiverContract("an agent", () => Promise.resolve(agentServes));
