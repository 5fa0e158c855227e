// SPDX-License-Identifier: Apache-2.0
// Text that a terminal may be given: control characters may come from a guest or a remote host, and it must not obey them.

/** `?` for each control character but tab and line feed, and for those that turn the direction of writing. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "?");
}

/** JSON without any: JSON.stringify() leaves the ones above U+007E as they are. */
export function renderJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    // oxlint-disable-next-line no-control-regex
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
