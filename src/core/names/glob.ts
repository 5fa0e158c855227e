// SPDX-License-Identifier: Apache-2.0
// Shell patterns of names. Pure.

/** A shell pattern (fnmatch: `*`, `?`, `[a-z]`) as an expression for whole names; names are 15 bytes, so it ends soon. */
export function patternOf(glob: string): RegExp {
  let out = "";
  const text = glob.slice(0, 64);
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const close = char === "[" ? text.indexOf("]", at + 2) : -1;
    if (close !== -1) {
      const inside = text.slice(at + 1, close).replaceAll(/[\\\]^[]/g, "\\$&");
      out += `[${inside.startsWith("!") ? `^${inside.slice(1)}` : inside}]`;
      at = close;
    } else if (char === "*") {
      if (!out.endsWith(".*")) out += ".*";
    } else out += char === "?" ? "." : char.replace(/[.+^${}()|[\]\\*/-]/, "\\$&");
  }
  try {
    return new RegExp(`^(?:${out})$`);
  } catch {
    return /^(?!)/; // `[z-a]`: matches nothing, as in fnmatch
  }
}

export const matchesGlob = (glob: string, name: string): boolean => patternOf(glob).test(name);
