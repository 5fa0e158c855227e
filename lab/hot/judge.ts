// SPDX-License-Identifier: Apache-2.0
// What a disk holds of the load, against what the load had said to be on the disk.

/** What is wrong; nothing: all of it is there. `checked`: what `load.py check` printed. Pure. */
export function judgeLoad(
  said: ReadonlyMap<string, number>,
  checked: string,
): { readonly faults: readonly string[]; readonly compared: number } {
  const lines = checked.trim().split("\n");
  const faults = lines.filter((line) => line.startsWith("bad "));
  if (lines.at(-1) !== "checked 0 0") faults.push(`The check did not end: ${lines.at(-1)}`);
  const held = new Map<string, number>();
  for (const line of lines) {
    const [kind = "", key = "", turn = ""] = line.split(" ");
    held.set(`${kind} ${key}`, Number(turn));
  }
  const wanted = [...said].filter(([what]) => what !== "ended 0");
  for (const [what, turn] of wanted) {
    const there = held.get(what);
    if (there === undefined || !(there >= turn))
      faults.push(
        `${what}: turn ${turn} was synced, ${there === undefined ? "nothing" : `turn ${there}`} is there`,
      );
  }
  return { faults, compared: wanted.length };
}
