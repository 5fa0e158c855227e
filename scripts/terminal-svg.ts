// SPDX-License-Identifier: Apache-2.0
// A terminal's screen, as tmux captures it (text and SGR sequences, ECMA-48 8.3.117), as an SVG. Pure.

type Style = {
  readonly fore: number;
  readonly back: number;
  readonly bold: boolean;
  readonly reverse: boolean;
};
type Run = { readonly text: string; readonly column: number; readonly style: Style };

const COLUMNS = 80;
const ROWS = 24;
const CELL = { width: 9, height: 19 };
/** The Linux console's eight colours, and the bright ones. */
const COLOURS =
  "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff".split(
    " ",
  );
const PLAIN: Style = { fore: 7, back: 0, bold: false, reverse: false };

export function renderTerminal(captured: string): string {
  const shapes: string[] = [];
  let style = PLAIN;
  for (const [row, line] of captured.split("\n").slice(0, ROWS).entries()) {
    const runs: Run[] = [];
    let column = 0;
    // oxlint-disable-next-line no-control-regex
    for (const [, codes, text = ""] of line.matchAll(/\u001b\[([0-9;]*)m|([^\u001b]+)/g)) {
      if (codes !== undefined) style = styled(style, codes);
      else {
        runs.push({ text, column, style });
        column += text.length;
      }
    }
    if (column < COLUMNS) runs.push({ text: " ".repeat(COLUMNS - column), column, style });
    shapes.push(...runs.flatMap((run) => draw(run, row)));
  }
  const [width, height] = [COLUMNS * CELL.width, ROWS * CELL.height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="15">
<rect width="100%" height="100%" fill="#000000"/>
${shapes.join("\n")}
</svg>
`;
}

function styled(before: Style, codes: string): Style {
  let style = before;
  for (const code of codes.split(";").map(Number)) {
    if (code === 0) style = PLAIN;
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 7) style = { ...style, reverse: true };
    else if (code === 27) style = { ...style, reverse: false };
    else if (code >= 30 && code <= 37) style = { ...style, fore: code - 30 };
    else if (code === 39) style = { ...style, fore: PLAIN.fore };
    else if (code >= 40 && code <= 47) style = { ...style, back: code - 40 };
    else if (code === 49) style = { ...style, back: PLAIN.back };
  }
  return style;
}

function draw({ text, column, style }: Run, row: number): readonly string[] {
  const [fore, back] = style.reverse ? [style.back, style.fore] : [style.fore, style.back];
  const [x, y, width] = [column * CELL.width, row * CELL.height, text.length * CELL.width];
  const shapes: string[] = [];
  if (back !== 0)
    shapes.push(
      `<rect x="${x}" y="${y}" width="${width}" height="${CELL.height}" fill="#${COLOURS[back]}"/>`,
    );
  if (text.trim() !== "") {
    const first = text.length - text.trimStart().length;
    const words = text.trim();
    const at = x + first * CELL.width;
    const colour = COLOURS[fore + (style.bold ? 8 : 0)];
    shapes.push(
      `<text x="${at}" y="${y + 15}" textLength="${words.length * CELL.width}" fill="#${colour}">${escapeXml(words)}</text>`,
    );
  }
  return shapes;
}

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(" ", "\u00a0"); // SVG puts many blanks into one
