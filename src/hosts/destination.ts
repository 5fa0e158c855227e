// SPDX-License-Identifier: Apache-2.0
// Reads `dir:PATH` and `ssh://[user@]host[:port]/path`. Pure.
import { type Destination, hasControls, UserError } from "../core/index.ts";

/** UserError `usage` for anything else. Percent-encoding is decoded in user and path. */
export function parseDestination(text: string): Destination {
  const destination = /^dir:/i.test(text)
    ? parseDirectory(text)
    : /^ssh:\/\//i.test(text)
      ? parseSsh(text)
      : null;
  if (destination === null)
    throw wrong(
      text,
      "it begins neither with dir: nor with ssh://",
      looksLikeScp(text) ?? "dir:./vms, or ssh://root@host/var/vms",
    );
  // A path with control characters could neither be shown nor be passed to a shell line by line.
  if (hasControls(destination.path)) throw wrong(text, "its path has control characters");
  return destination;
}

/** A host without a directory: `ssh://root@host`, or a destination, whose directory is then looked at too. */
export function parseHostUri(text: string): Destination {
  const whole = /^ssh:\/\/[^/]+\/*$/i.test(text) ? `${text.replace(/\/+$/, "")}/.` : text;
  const destination = parseDestination(whole);
  return destination.path === "/." ? { ...destination, path: "/" } : destination;
}

function parseDirectory(text: string): Destination {
  const path = text.slice("dir:".length);
  if (path === "") throw wrong(text, "it names no directory");
  return { kind: "dir", path };
}

const SSH = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/@[\]]*)(?::([^/]*))?(\/.*)?$/i;

function parseSsh(text: string): Destination {
  const match = SSH.exec(text);
  if (match === null) throw wrong(text, "its host cannot be read");
  const [, userText, hostText = "", portText, pathText] = match;
  if (userText?.includes(":") === true)
    throw wrong(
      text,
      "a password does not belong in it",
      "ssh://user@host/path; ssh asks for the password, or uses your key",
    );
  const user = userText === undefined ? null : decoded(userText, text);
  const host = hostText.startsWith("[") ? hostText.slice(1, -1) : hostText;
  if (host === "") throw wrong(text, "it names no host");
  // What begins with a dash would be taken by ssh as an option.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?$/.test(host))
    throw wrong(text, `${JSON.stringify(host)} is not a host name or address`);
  if (host.includes(":") !== hostText.startsWith("["))
    throw wrong(text, "an IPv6 address goes in brackets", "ssh://root@[fe80::1]/var/vms");
  if (user !== null && !/^[A-Za-z0-9_.][A-Za-z0-9_.@\\+-]*\$?$/.test(user))
    throw wrong(text, `${JSON.stringify(user)} is not a user name`);
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && (!/^\d{1,5}$/.test(portText ?? "") || port < 1 || port > 65_535))
    throw wrong(text, `${JSON.stringify(portText)} is not a port`);
  const path = decoded(pathText ?? "", text);
  if (path === "" || /^\/+$/.test(path))
    throw wrong(text, "it names no directory on the host", `${text.replace(/\/+$/, "")}/var/vms`);
  return { kind: "ssh", user, host, port, path };
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong(text, "a % in it is not followed by two hex digits");
  }
}

function looksLikeScp(text: string): string | null {
  const match = /^((?:[^@/:]+@)?[^@/:]+):(.+)$/.exec(text);
  if (match === null) return /^[./~]/.test(text) ? `dir:${text}` : null;
  return `ssh://${match[1]}${match[2]?.startsWith("/") === true ? "" : "/"}${match[2]}`;
}

function wrong(text: string, why: string, example?: string): UserError {
  return new UserError("to-wrong", `${JSON.stringify(text)} is not a destination: ${why}`, {
    advice:
      example === undefined
        ? "Write dir:PATH or ssh://[user@]host[:port]/path"
        : `Write for example: --to ${example}`,
  });
}
