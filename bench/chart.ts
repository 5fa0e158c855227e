// SPDX-License-Identifier: Apache-2.0
// The chart of the README: wall and CPU seconds of each way. Pure.
import type { Measured } from "./measure.ts";

const [WIDTH, LEFT, ROW, BAR] = [760, 110, 46, 15];

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** `machine`: what it says below the title. Colours hold on light and dark pages. */
export function renderChart(ways: readonly Measured[], machine: string): string {
  const most = Math.max(1, ...ways.flatMap(({ seconds, cpuSeconds }) => [seconds, cpuSeconds]));
  const scale = (WIDTH - LEFT - 90) / most;
  const height = 78 + ways.length * ROW;
  const bar = (value: number, y: number, colour: string): string => {
    const width = Math.max(1, value * scale).toFixed(1);
    return `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${colour}"/><text x="${(LEFT + Number(width) + 6).toFixed(1)}" y="${y + 12}" class="n">${value.toFixed(1)} s</text>`;
  };
  const rows = ways.map(({ name, seconds, cpuSeconds }, i) => {
    const y = 66 + i * ROW;
    return `<text x="${LEFT - 10}" y="${y + 19}" text-anchor="end" class="w">${escape(name)}</text>${bar(seconds, y, "#2f7ed8")}${bar(cpuSeconds, y + BAR + 2, "#9a9fa6")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Seconds to copy the demo machine's disk">
<style>text{font-family:system-ui,sans-serif;fill:#808890}.t{font-size:16px;font-weight:600}.m{font-size:12px}.w{font-size:14px}.n{font-size:12px}</style>
<text x="10" y="22" class="t">The demo machine's disk (6 GiB, 1.7 GiB used) over ssh</text>
<text x="10" y="42" class="m">${escape(machine)}. Blue: wall time. Grey: CPU time of both ends.</text>
${rows.join("\n")}
</svg>
`;
}
