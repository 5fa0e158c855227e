// SPDX-License-Identifier: Apache-2.0
// What the shell on a host runs all the time: it obeys line by line, and ends when nobody speaks any more. Pure.
import { LOCK } from "../lock.ts";

export type Patience = {
  /** So long nobody speaks. */
  readonly silenceSeconds: number;
  /** So long a program waits for bytes that it was promised: 8 MiB at 14 kB/s. */
  readonly bodySeconds: number;
};

/**
 * A script is one line: the shell reads it itself, byte by byte, and has to start no program for that. Each begins with a
 * random word: where a program that should have taken a body died (no memory, killed), what follows is the guest's own
 * bytes, and these must never be commands. Bodies are for dd: with fullblock it takes exactly so many bytes from a pipe,
 * on GNU, busybox and toybox; head -c of busybox takes more. The first answer says whether dd is as it must be.
 */
export function loop(mark: string, patience: Patience): string {
  return [
    "LC_ALL=C; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH; umask 077; p2v_lock=; p2v_guard=",
    FACTS,
    `p2v_end() { [ -z "$p2v_guard" ] || kill "$p2v_guard" 2>/dev/null; if [ -n "$p2v_lock" ] && [ "$(cat ${LOCK} 2>/dev/null)" = "$p2v_lock" ]; then rm -f ${LOCK}; fi; }`,
    "trap p2v_end EXIT; trap 'exit 0' HUP INT TERM PIPE",
    guard(patience),
    "p2v_guard </dev/null >/dev/null 2>&1 & p2v_guard=$!",
    `[ "$(printf abcdef | { dd bs=3 count=1 iflag=fullblock 2>/dev/null; cat >/dev/null; })" = abc ]; printf '\\n%s %s\\n' ${mark} "$?"`,
    `while read -r p2v_m p2v_s; do [ "$p2v_m" = ${mark} ] || exit 91; eval "$p2v_s"; printf '\\n%s %s\\n' ${mark} "$?"; done`,
  ].join("\n");
}

/**
 * A field of /proc/PID/stat, counted from the state: the program's name before it may hold blanks and brackets. A pid alone
 * may come back, with its start it does not.
 */
const FACTS = `p2v_stat() { { read -r p2v_t <"/proc/$1/stat"; } 2>/dev/null || return 0; p2v_f=$2; set -- \${p2v_t##*)}; shift "$p2v_f"; echo "$1"; }
p2v_start() { p2v_stat "$1" 19; }
p2v_boot=$(cat /proc/sys/kernel/random/boot_id); p2v_me=$(p2v_start $$)`;

/** Starts a program, so that the guard sees it. */
export const HEARTBEAT = "( : )";

/**
 * A sender that vanishes (power, network) leaves the shell at its \`read\`, or dd at a half body, for as long as sshd takes to
 * notice, which may be hours; and the directory locked. Who looks from outside disturbs nobody: each script that is run
 * starts a program, which shows in the shell's page faults. What takes its time by itself is left alone.
 */
function guard({ silenceSeconds, bodySeconds }: Patience): string {
  const tick = Math.max(1, Math.min(30, Math.floor(silenceSeconds / 3)));
  const looks = (seconds: number): number => Math.ceil(seconds / tick);
  return `p2v_guard() {
trap 'kill "$p2v_z" 2>/dev/null; exit 0' TERM; trap - EXIT HUP INT PIPE
p2v_self=$(exec sh -c 'echo "$PPID"'); p2v_in=$(readlink /proc/$$/fd/0); p2v_seen=; p2v_q=0
while :; do
sleep ${tick} & p2v_z=$!; wait "$p2v_z"
[ -n "$p2v_me" ] && [ "$(p2v_start $$)" = "$p2v_me" ] || exit 0
p2v_now="$(p2v_stat $$ 7) $(p2v_stat $$ 8)"
if [ "$p2v_now" != "$p2v_seen" ]; then p2v_seen=$p2v_now; p2v_q=0; continue; fi
p2v_q=$((p2v_q + 1)); [ $p2v_q -ge ${looks(silenceSeconds)} ] || continue
p2v_works=
for p2v_p in /proc/[0-9]*; do p2v_p=\${p2v_p#/proc/}
[ "$p2v_p" != "$p2v_self" ] && [ "$(p2v_stat "$p2v_p" 1)" = $$ ] && p2v_works=yes
done
if [ -z "$p2v_works" ]; then kill $$; continue; fi
[ $p2v_q -ge ${looks(bodySeconds)} ] && [ -n "$p2v_in" ] || continue
for p2v_p in /proc/[0-9]*; do
[ "$(readlink "$p2v_p/fd/0" 2>/dev/null)" = "$p2v_in" ] && [ "$(p2v_start "\${p2v_p#/proc/}")" -gt "$p2v_me" ] && kill "\${p2v_p#/proc/}"
done
done
}`;
}
