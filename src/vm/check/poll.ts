// SPDX-License-Identifier: Apache-2.0
// Asks a hypervisor again and again how a VM is, for those that tell no events to a program that does not stay.

const EVERY_MS = 4_000;

/** `judge` is true as long as it shall be asked again; it hears nothing once this was disposed. */
export function askAgain<T>(ask: () => Promise<T>, judge: (answer: T) => boolean): AsyncDisposable {
  let over = false;
  let timer: NodeJS.Timeout | null = null;
  let asking = Promise.resolve();
  const once = async (): Promise<void> => {
    const answer = await ask();
    if (!over && judge(answer)) next();
  };
  const next = (): void => {
    timer = setTimeout(() => {
      asking = once().catch(() => undefined); // the host is away: the console ends too
    }, EVERY_MS);
  };
  next();
  return {
    async [Symbol.asyncDispose]() {
      over = true;
      if (timer !== null) clearTimeout(timer);
      await asking;
    },
  };
}
