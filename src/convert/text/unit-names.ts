// SPDX-License-Identifier: Apache-2.0
// Names of systemd's units that are made of a path (systemd.unit(5), "string escaping"): /dev/sda2 is dev-sda2. Pure.

export function escapePath(path: string): string {
  const inner = path.replaceAll(/\/+/g, "/").replace(/^\/|\/$/g, "");
  if (inner === "") return "-";
  return [...Buffer.from(inner)]
    .map((byte, index) => {
      const letter = String.fromCharCode(byte);
      if (letter === "/") return "-";
      const isPlain = index === 0 ? /[A-Za-z0-9:_]/ : /[A-Za-z0-9:_.]/;
      return isPlain.test(letter) ? letter : `\\x${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

export function unescapePath(name: string): string {
  if (name === "-") return "/";
  const text = name
    .replaceAll("-", "/")
    .replace(/(?:\\x[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll("\\x", ""), "hex").toString("utf8"),
    );
  return `/${text}`;
}
