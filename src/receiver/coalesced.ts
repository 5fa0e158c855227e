// SPDX-License-Identifier: Apache-2.0
// Many callers of one slow act (a flush): those who come while it runs share the next run of it.

/** Each call resolves after a run of `act` that began after the call. */
export function coalesced(act: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    const run = act().finally(() => {
      if (running === run) running = null;
    });
    running = run;
    return run;
  };
  return () => {
    if (running === null) return begin();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return begin();
      });
    return next;
  };
}
