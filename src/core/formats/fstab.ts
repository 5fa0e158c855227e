// SPDX-License-Identifier: Apache-2.0
// How fields of fstab(5) are written. Pure.

/** Octal escapes of fstab(5): `\040` is a blank. They stand for bytes, so that `\303\244` is one letter of UTF-8. */
export function unescapeFstab(text: string): string {
  return text.replace(/(?:\\[0-3][0-7]{2})+/g, (run) => {
    const bytes = run.slice(1).split("\\");
    return Buffer.from(bytes.map((octal) => Number.parseInt(octal, 8))).toString("utf8");
  });
}
