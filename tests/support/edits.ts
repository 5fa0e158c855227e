// SPDX-License-Identifier: Apache-2.0
// What every edit of a guest's file must do: this text becomes that one, and that one stays as it is.
import assert from "node:assert/strict";

export function assertEdit(edit: (text: string) => string, before: string, after: string): void {
  assert.equal(edit(before), after);
  assert.equal(edit(after), after, "a second time");
}
