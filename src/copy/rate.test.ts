// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RateLimit } from "./rate.ts";

test("RateLimit: over any time no more goes than the rate allows, and one burst", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 10_000_000 }),
      fc.array(fc.record({ pauseMs: fc.nat(2000), bytes: fc.integer({ min: 1, max: 1_000_000 }) }), {
        maxLength: 50,
      }),
      (bytesPerSecond, sendings) => {
        let now = 1000;
        const limit = new RateLimit(bytesPerSecond, () => now);
        const begun = now;
        let sent = 0;
        for (const { pauseMs, bytes } of sendings) {
          now += pauseMs;
          now += limit.book(bytes);
          const allowed = ((now - begun + 251) * bytesPerSecond) / 1000;
          assert.ok(sent <= allowed, `${sent} bytes before ${now - begun} ms`);
          sent += bytes;
        }
      },
    ),
  );
});

test("RateLimit without a limit never waits", () => {
  const limit = new RateLimit(null);
  assert.deepEqual([limit.book(1e12), limit.book(1e12)], [0, 0]);
});
