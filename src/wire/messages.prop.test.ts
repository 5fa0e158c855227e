// SPDX-License-Identifier: Apache-2.0
// Heads of messages from the other side: any JSON is a message, or the error of the protocol.
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../tests/support/laws.ts";
import { parseFromAgent, parseToAgent, ProtocolError } from "./messages.ts";

const heads = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      type: fc.constantFrom(
        "open",
        "cell",
        "flush",
        "finish",
        "hello",
        "done",
        "__proto__",
        "constructor",
        "error",
      ),
      disk: fc.oneof(fc.integer(), fc.string(), fc.constant("../../x")),
      index: fc.oneof(fc.integer(), fc.double(), fc.constant(2 ** 53)),
      sizeBytes: fc.oneof(fc.integer(), fc.double()),
    },
    { requiredKeys: [] },
  ),
);

test("any JSON is a message, or is refused by the protocol's own error", (t) =>
  check(
    t,
    fc.property(heads, (head) => {
      for (const parse of [parseToAgent, parseFromAgent])
        try {
          parse(head);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
    }),
  ));
