// SPDX-License-Identifier: Apache-2.0
// Imported before node:test: it follows every promise to the test that made it, for errors that nobody awaits, until the
// promise is collected. Property tests make millions, and that took two fifths of their time. Such an error still fails the
// run; it names no test.
import hooks from "node:async_hooks";

const { createHook } = hooks;
hooks.createHook = (callbacks) =>
  createHook({
    init(id, type, trigger, resource) {
      if (type !== "PROMISE") callbacks.init?.(id, type, trigger, resource);
    },
  });
