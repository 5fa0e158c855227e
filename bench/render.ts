// SPDX-License-Identifier: Apache-2.0
// The results as text. Pure.
import type { Results, Verdict } from "./targets.ts";
import { WAY_TITLES } from "./ways.ts";

const GIB = 2 ** 30;

function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const mib = (bytes: number | null): string => (bytes === null ? "-" : `${Math.round(bytes / 2 ** 20)}`);

export function renderResults(results: Results, verdicts: readonly Verdict[]): string {
  const parts: string[] = [];
  const { ways, links, again, memory, writes } = results;
  if (ways.length > 0) {
    const rows = ways.map(({ name, seconds, cpuSeconds, sentBytes, occupiedBytes, rounds }) => [
      name,
      seconds.toFixed(1),
      cpuSeconds.toFixed(1),
      mib(sentBytes),
      mib(occupiedBytes),
      `${rounds}`,
    ]);
    parts.push(
      renderTable([["way", "wall s", "CPU s", "MiB sent", "MiB on disk", "rounds"], ...rows]),
      ways.map(({ name }) => `  ${name}: ${WAY_TITLES[name] ?? ""}`).join("\n"),
    );
  }
  if (links.length > 0) {
    const rows = links.map(({ mbit, compress, seconds, sentBytes, linkShare }) => [
      `${mbit} Mbit, ${compress}`,
      seconds.toFixed(1),
      mib(sentBytes),
      `${(linkShare * 100).toFixed(0)} %`,
    ]);
    parts.push(renderTable([["link, compression", "wall s", "MiB sent", "of the link"], ...rows]));
  }
  if (again !== null)
    parts.push(
      renderTable([
        ["pass", "wall s"],
        ["first", again.firstSeconds.toFixed(1)],
        ["again, nothing changed", again.unchangedSeconds.toFixed(1)],
        ["resumed after 90 %", again.resumeSeconds.toFixed(1)],
      ]),
    );
  if (memory !== null)
    parts.push(
      renderTable([
        ["disk", "planned s", "sender MiB", "agent MiB"],
        ...memory.map(({ sizeBytes, planSeconds, senderPeakBytes, agentPeakBytes }) => [
          `${sizeBytes / GIB} GiB`,
          planSeconds.toFixed(1),
          mib(senderPeakBytes),
          mib(agentPeakBytes),
        ]),
      ]),
    );
  if (writes !== null)
    parts.push(
      renderTable([
        ["copy after copy --live", "MiB in use", "MiB read", "MiB sent", "wall s"],
        ...(["full", "traced"] as const).map((name) => {
          const { usedBytes, readBytes, sentBytes, copySeconds } = writes[name];
          const title = name === "full" ? "all is read" : "--trust-writes";
          return [title, mib(usedBytes), mib(readBytes), mib(sentBytes), copySeconds.toFixed(1)];
        }),
      ]),
    );
  parts.push(
    renderTable([
      ["what", "measured", "bar", ""],
      ...verdicts.map(({ what, value, bar, met }) => [what, value.toFixed(2), bar, met ? "met" : "MISSED"]),
    ]),
  );
  return parts.join("\n\n");
}
