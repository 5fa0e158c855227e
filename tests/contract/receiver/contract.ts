// SPDX-License-Identifier: Apache-2.0
// What every receiver does, whoever writes: the agent by system calls, a shell by the programs of its host.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporary } from "../../support/temporary.ts";
import type { Bench, Check } from "./bench.ts";
import { cellRules } from "./cells.ts";
import { hostileRules } from "./hostile.ts";
import { lockRules } from "./locks.ts";
import { openingRules } from "./openings.ts";
import { Peer } from "./peer.ts";
import type { Serve } from "../../support/receivers.ts";

type Choice = {
  /** Where a sender says what it may not: decided before anybody writes, so that one shell stands for all. Default true. */
  readonly hostile?: boolean;
};

/** `make` is called for each test. */
export function receiverContract(
  name: string,
  make: (t: TestContext) => Promise<Serve>,
  { hostile = true }: Choice = {},
): void {
  const check: Check = (what, body) => {
    test(`${name} ${what}`, async (t) => {
      const above = await temporary(t);
      const directory = join(above, "it's $HOME");
      await mkdir(directory);
      const serve = await make(t);
      const connect: Bench["connect"] = ({ directory: other = directory, ...options } = {}) =>
        new Peer(serve, other, options);
      await body({ directory, above, connect });
    });
  };
  lockRules(check);
  openingRules(check);
  cellRules(check);
  if (hostile) hostileRules(check);
}
