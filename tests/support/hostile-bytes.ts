// SPDX-License-Identifier: Apache-2.0
// Input from strangers, for laws: sound samples with damage, cut short, and noise; as bytes or as text.
import fc from "fast-check";

/** Some bytes replaced, often by values that break arithmetic; or cut short; or only noise. */
export function damagedBytes(sound: Uint8Array): fc.Arbitrary<Uint8Array> {
  const value = fc.oneof(fc.constantFrom(0, 1, 0x30, 0x7f, 0x80, 0xff), fc.nat(255));
  const change = fc.record({
    at: fc.nat(Math.max(0, sound.length - 1)),
    value,
    length: fc.integer({ min: 1, max: 8 }),
  });
  const changed = fc.array(change, { maxLength: 6 }).map((changes) => {
    const bytes = Uint8Array.from(sound);
    for (const { at, value: put, length } of changes) bytes.fill(put, at, at + length);
    return bytes;
  });
  const cut = fc.nat(sound.length).map((end) => Uint8Array.from(sound.subarray(0, end)));
  return fc.oneof(changed, changed, cut, fc.uint8Array({ maxLength: 300 }));
}

const PIECES = [
  "\n",
  '"',
  "'",
  "=",
  "[",
  "{",
  "}",
  "<",
  ">",
  ":",
  ",",
  "\0",
  "\r\n",
  " ",
  "\t",
  "#",
  "-1",
  "1e99",
  "\\",
  "ä€",
  "🜚",
  "\ud800",
  "\u009b",
  "\u202e",
];

/** Pieces of a sound text left out, doubled, or replaced; or cut short; or only noise. */
export function damagedText(...sound: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "binary-ascii", maxLength: 6 }));
  const changed = fc.constantFrom(...sound).chain((text) =>
    fc
      .array(
        fc.record({
          at: fc.nat(text.length),
          length: fc.nat(12),
          piece,
          times: fc.constantFrom(1, 1, 1, 100),
        }),
        { maxLength: 5 },
      )
      .map((changes) =>
        changes.reduce(
          (all, { at, length, piece: put, times }) =>
            all.slice(0, at) + put.repeat(times) + all.slice(at + length),
          text,
        ),
      ),
  );
  return fc.oneof(changed, changed, fc.string({ unit: "binary-ascii", maxLength: 200 }));
}
