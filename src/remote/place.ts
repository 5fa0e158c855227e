// SPDX-License-Identifier: Apache-2.0
// Puts the portable file on a server, once: by its hash, where it can run and nobody else can change it.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { formatBytes, lastWords, shown, UserError } from "../core/index.ts";
import { runScript, type Transport } from "../hosts/index.ts";
import { quoteWord } from "../system/index.ts";
import type { Portable } from "./portable.ts";

/** What it unpacks beside itself. */
const UNPACKED_BYTES = 250 * 2 ** 20;
/** At 75 kB/s 100 MB take 22 min. */
const UPLOAD_TIMEOUT_MS = 3_600_000;
/** It unpacks itself when it first runs. */
const FIRST_RUN_MS = 900_000;

export type PlaceOptions = {
  readonly version: string;
  readonly signal: AbortSignal;
  /** It must be sent: it is not there yet. */
  readonly onSend: (to: string) => void;
};

/** Its path there, checked by hash and by a first run. UserError `host` where that cannot be. */
export async function placePortable(
  transport: Transport,
  portable: Portable,
  { version, signal, onSend }: PlaceOptions,
): Promise<string> {
  const look = await runScript(transport, renderLook(portable), { signal, timeoutMs: 300_000 });
  const found = parsePlaces(look.stdout.toString("utf8"));
  if (found.system !== "Linux x86_64")
    throw new UserError(
      "host-other-system",
      `${transport.title} is ${shown(found.system.slice(0, 80))}; the portable file is for Linux on x86_64`,
      { advice: "Start the live CD on it instead" },
    );
  const path = found.path;
  if (path === null) throw noPlace(transport, found.refused, portable);
  if (!found.isThere) {
    onSend(path);
    const aside = `.upload-${randomBytes(8).toString("hex")}`;
    const script = renderUpload({ path, aside, sha256: portable.sha256 });
    const input = createReadStream(portable.path, { highWaterMark: 2 ** 18 });
    const sent = await runScript(transport, script, { signal, timeoutMs: UPLOAD_TIMEOUT_MS, input });
    if (sent.code !== 0)
      throw noPlace(transport, [`${path}: ${lastWords(sent.stderr) || "it arrived damaged"}`], portable);
  }
  const first = await runScript(transport, `${quoteWord(path)} --version`, {
    signal,
    timeoutMs: FIRST_RUN_MS,
  });
  if (first.code !== 0 || first.stdout.toString("utf8").trim() !== `virt-p2v ${version}`)
    throw new UserError(
      "remote-does-not-run",
      `The portable file does not run on ${transport.title}: ${lastWords(first.stderr, { lines: 2 }) || `exit code ${first.code}`}`,
      { advice: `Try it there: ${quoteWord(path)} doctor` },
    );
  return path;
}

export type Places = {
  readonly system: string;
  readonly path: string | null;
  readonly isThere: boolean;
  /** Why the others will not do: `PATH: why`. */
  readonly refused: readonly string[];
};

/** Pure. What a login shell prints before is no line of ours. */
export function parsePlaces(text: string): Places {
  const lines = text.split("\n");
  const value = (name: string): string | null =>
    lines.findLast((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? null;
  const there = value("there");
  return {
    system: value("system") ?? "",
    path: there ?? value("fits"),
    isThere: there !== null,
    refused: lines.filter((line) => line.startsWith("not ")).map((line) => shown(line.slice(4, 300))),
  };
}

function noPlace({ title }: Transport, why: readonly string[], { sizeBytes }: Portable): UserError {
  const needs = formatBytes(sizeBytes + UNPACKED_BYTES);
  const text = `There is no place for the portable file on ${title}${why.length === 0 ? "" : `: ${why.join("; ")}`}`;
  return new UserError("remote-no-place", text, {
    advice: `It needs ${needs} in a directory that is not mounted noexec and that nobody else may write: free some, or set XDG_CACHE_HOME for this user there; and openssl, sha256sum or shasum`,
  });
}

const HASH = `p2v_hash() { { openssl dgst -sha256 -r <"$1" || sha256sum <"$1" || shasum -a 256 <"$1" || busybox sha256sum <"$1"; } 2>/dev/null | cut -c 1-64; }`;

/**
 * Looks at the directories in which the portable file would unpack itself, in its order and by its rules (ours_alone and
 * find_cache of scripts/release/portable/head.sh): `there PATH`, else `fits PATH` for the first that fits, `not PATH: why`.
 */
function renderLook({ sha256, sizeBytes }: Portable): string {
  const kib = Math.ceil((sizeBytes + UNPACKED_BYTES) / 1024);
  return `LC_ALL=C; export LC_ALL; umask 077; ${HASH}
u=$(id -u) fits= seen=' '
printf 'system %s\\n' "$(uname -s -m)"
alone() {
dir=$1 first=yes
while :; do
[ -d "$dir" ] && [ ! -L "$dir" ] || return 1
set -- $(ls -ldn -- "$dir" 2>/dev/null)
[ $# -ge 4 ] || return 1
[ "$3" = "$u" ] || { [ "$3" = 0 ] && [ $first = no ]; } || return 1
case $first$1 in
yesdrwx------|yesdrwx------.) ;;
yes*) return 1 ;;
nod????-??-*|nod????????[tT]*) ;;
*) return 1 ;;
esac
[ "$dir" != / ] || return 0
first=no dir=\${dir%/*}; dir=\${dir:-/}
done
}
look() {
case $1 in /*) ;; *) return ;; esac
b=$(cd -P -- "$1" 2>/dev/null && pwd -P) || { printf 'not %s: it is not there\\n' "$1"; return; }
[ "$b" != / ] || return
d=$b/$2
case $d in *"
"*) return ;; esac
case $seen in *" $d "*) return ;; esac
seen="$seen$d "
w=$(mkdir -- "$d" 2>&1)
[ -d "$d" ] || { printf 'not %s: %s\\n' "$b" "\${w##*: }"; return; }
chmod 700 -- "$d" 2>/dev/null
alone "$d" || { printf 'not %s: others than this user may change what is in it\\n' "$d"; return; }
f=$d/portable-${sha256}
if [ -f "$f" ] && [ ! -L "$f" ] && [ "$(p2v_hash "$f")" = ${sha256} ]; then printf 'there %s\\n' "$f"; exit 0; fi
[ -z "$fits" ] || return
t=$d/.upload-$$
w=$({ printf '#!/bin/sh\\nexit 0\\n' >"$t" && chmod 700 "$t"; } 2>&1) || { printf 'not %s: %s\\n' "$b" "\${w##*: }"; rm -f -- "$t"; rmdir -- "$d" 2>/dev/null; return; }
"$t" 2>/dev/null; r=$?
rm -f -- "$t"
free=$(df -Pk -- "$d" 2>/dev/null | sed -n '$s/.*[[:space:]]\\([0-9][0-9]*\\)[[:space:]][[:space:]]*[0-9-]*%*[[:space:]]\\/.*/\\1/p')
if [ $r != 0 ]; then printf 'not %s: mounted noexec\\n' "$b"; rmdir -- "$d" 2>/dev/null
elif [ "\${free:-0}" -lt ${kib} ]; then printf 'not %s: %s MiB free, ${Math.ceil(kib / 1024)} are needed\\n' "$b" $((\${free:-0} / 1024)); rmdir -- "$d" 2>/dev/null
else fits=$f; fi
}
[ -z "\${XDG_CACHE_HOME-}" ] || { mkdir -p -- "$XDG_CACHE_HOME"; look "$XDG_CACHE_HOME" virt-p2v; } 2>/dev/null
if [ -n "\${HOME-}" ] && [ -d "$HOME" ]; then mkdir -p -- "$HOME/.cache" 2>/dev/null; look "$HOME/.cache" virt-p2v; fi
if [ "$u" = 0 ]; then mkdir -p /var/cache 2>/dev/null; look /var/cache virt-p2v; fi
[ -z "\${TMPDIR-}" ] || look "$TMPDIR" "virt-p2v-$u"
for b in /var/tmp /tmp /run; do look $b "virt-p2v-$u"; done
[ -z "$fits" ] || printf 'fits %s\\n' "$fits"`;
}

/** Aside under a name of its own, checked, then renamed: two that send at once cannot meet. */
function renderUpload({ path, aside, sha256 }: { path: string; aside: string; sha256: string }): string {
  return `LC_ALL=C; export LC_ALL; umask 077; ${HASH}
f=${quoteWord(path)}; t=\${f%/*}/${aside}; trap 'rm -f -- "$t"' EXIT
cat >"$t" && chmod 700 "$t" && [ "$(p2v_hash "$t")" = ${sha256} ] && mv -f -- "$t" "$f"`;
}
