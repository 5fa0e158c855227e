// SPDX-License-Identifier: Apache-2.0
// The boot probe's shell script: waits until the guest has settled, prints one line of JSON on the serial console.
// POSIX sh only (dash, bash, busybox), iproute2 without -json, systemd of any age. Names in it never come unescaped.

/** `wants`: interfaces to wait for, already checked by interfaceWord(). */
export function renderProbeScript({ wants }: { readonly wants: readonly string[] }): string {
  return SCRIPT.replaceAll("$\\{", "${").replace("@WANTS@", wants.join(" "));
}

// `$\{` stands for the shell's own, which a template would take for itself.
const SCRIPT = String.raw`#!/bin/sh
# Put by virt-p2v into a throw-away copy of this system, for one boot. Reads only; ends by itself.
# The P2V_ variables are for tests.
LC_ALL=C
export LC_ALL
set -f
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
sys=$\{P2V_SYS:-/sys}
proc=$\{P2V_PROC:-/proc}
consoles=$\{P2V_CONSOLES:-/dev/ttyS0 /dev/hvc0}
wants='@WANTS@'

have() { command -v "$1" >/dev/null 2>&1; }

# systemctl can hang when PID 1 is stuck: every call of another program has an end.
if have timeout && timeout 5 true 2>/dev/null; then
	bounded() { timeout 20 "$@" 2>/dev/null; }
else
	bounded() { "$@" 2>/dev/null; }
fi

seconds() {
	read -r up _ <"$proc/uptime" || up=0
	echo "$\{up%%.*}"
}

# Emulated processors are slow: everything may take three times as long.
factor=1
if grep -q 'QEMU TCG' "$proc/cpuinfo" 2>/dev/null; then factor=3; fi

state=unknown
settle() {
	have systemctl || return 0
	end=$(($(seconds) + 120 * factor))
	turns=0
	while [ $turns -lt $((60 * factor)) ] && [ "$(seconds)" -lt $end ]; do
		turns=$((turns + 1))
		state=$(bounded systemctl is-system-running | tail -n 1)
		case $state in
		running | degraded | maintenance | offline) return ;;
		initializing | starting | stopping) ;;
		*)
			# Older than systemd 210: no jobs left means settled.
			state=unknown
			jobs=$(bounded systemctl list-jobs)
			case $jobs in *'No jobs'* | *'0 jobs'*) return ;; esac
			;;
		esac
		sleep 2
	done
}

# An address that may still be a duplicate (tentative) is none yet.
addressed() {
	bounded ip -o addr show dev "$1" scope global | grep -v tentative | grep -q inet
}

network() {
	have ip || return 0
	end=$(($(seconds) + 40 * factor))
	absent=$(($(seconds) + 5 * factor))
	turns=0
	while [ $turns -lt $((20 * factor)) ] && [ "$(seconds)" -lt $end ]; do
		turns=$((turns + 1))
		missing=
		for link in $wants; do
			if [ ! -e "$sys/class/net/$link" ]; then
				[ "$(seconds)" -ge $absent ] || missing=$link
			elif ! addressed "$link"; then
				missing=$link
			fi
		done
		[ -n "$missing" ] || return 0
		sleep 2
	done
}

# JSON text of the first line: harmless characters only, at most 200, backslashes doubled. No process is started for what
# is harmless: on an emulated processor each costs a tenth of a second.
word() {
	case $1 in
	*[!A-Za-z0-9_.:@/\ %+=,~-]*)
		printf '"%s"' "$(printf '%s\n' "$1" | sed -n '1{s|[^A-Za-z0-9_.:@/\\ %+=,~-]||g;s|^\(.\{200\}\).*|\1|;s|\\|\\\\|g;p;q;}')"
		;;
	*) printf '"%.200s"' "$1" ;;
	esac
}

# A word, or null where it is empty.
known() { if [ -n "$1" ]; then word "$1"; else printf null; fi; }

number() { case $1 in '' | *[!0-9]*) printf null ;; *) printf '%s' "$1" ;; esac; }

rootuuid() {
	source=
	uuid=
	if have findmnt; then
		source=$(bounded findmnt -n -o SOURCE / | tail -n 1)
		uuid=$(bounded findmnt -n -o UUID / | tail -n 1)
	fi
	if [ -z "$source" ]; then source=$(awk '$2 == "/" && $1 != "rootfs" { s = $1 } END { print s }' "$proc/mounts" 2>/dev/null); fi
	source=$\{source%%\[*}
	if [ -z "$uuid" ] && have blkid; then uuid=$(bounded blkid -o value -s UUID "$source" | head -n 1); fi
}

# [{"unit","result"}] of the units that failed, at most 64.
failed() {
	comma=
	count=0
	bounded systemctl list-units --all --failed --full --no-legend --no-pager | sed 's/^[^A-Za-z0-9_.@:\\-]*//' |
		while read -r unit _; do
			case $unit in *.*) ;; *) continue ;; esac
			[ $count -lt 64 ] || break
			count=$((count + 1))
			result=$(bounded systemctl show -p Result "$unit" </dev/null | head -n 1)
			printf '%s{"unit":' "$comma"
			word "$unit"
			printf ',"result":'
			word "$\{result#Result=}"
			printf '}'
			comma=,
		done
}

# Names of the jobs that still wait, at most 32.
waiting() {
	comma=
	count=0
	bounded systemctl list-jobs --full --no-legend --no-pager | while read -r id unit _; do
		case $id in '' | *[!0-9]*) continue ;; esac
		[ $count -lt 32 ] || break
		count=$((count + 1))
		printf '%s' "$comma"
		word "$unit"
		comma=,
	done
}

addresses() {
	comma=
	count=0
	bounded ip -o addr show dev "$1" | while read -r _ _ kind address _; do
		case $kind in inet | inet6) ;; *) continue ;; esac
		[ $count -lt 32 ] || break
		count=$((count + 1))
		printf '%s' "$comma"
		word "$address"
		comma=,
	done
}

file() { head -n 1 "$1" 2>/dev/null; }

# One entry per link but lo, at most 64. A port of a bond may carry the bond's MAC: its own one is asked for.
links() {
	comma=
	count=0
	set +f
	for path in "$sys"/class/net/*; do
		set -f
		name=$\{path##*/}
		if [ "$name" = lo ] || [ ! -d "$path" ] || [ $count -ge 64 ]; then continue; fi
		count=$((count + 1))
		mac=$(file "$path/bonding_slave/perm_hwaddr")
		[ -n "$mac" ] || mac=$(file "$path/address")
		master=$(readlink "$path/master" 2>/dev/null)
		case $(file "$path/carrier") in 1) carrier=true ;; *) carrier=false ;; esac
		if [ -e "$path/device" ]; then physical=true; else physical=false; fi
		printf '%s{"name":' "$comma"
		word "$name"
		printf ',"mac":'
		known "$mac"
		printf ',"state":'
		known "$(file "$path/operstate")"
		printf ',"master":'
		known "$\{master##*/}"
		printf ',"physical":%s,"carrier":%s,"addresses":[' $physical $carrier
		if have ip; then addresses "$name"; fi
		printf ']}'
		comma=,
	done
}

# [{"via","dev"}] of the default routes, at most 8 of each family.
routes() {
	comma=
	for family in 4 6; do
		list=$(bounded ip -$family route show default | head -n 8)
		while read -r first rest; do
			[ "$first" = default ] || continue
			via=
			dev=
			# shellcheck disable=SC2086
			set -- $rest
			while [ $# -ge 2 ]; do
				case $1 in via) via=$2 ;; dev) dev=$2 ;; esac
				shift
			done
			printf '%s{"via":' "$comma"
			known "$via"
			printf ',"dev":'
			known "$dev"
			printf '}'
			comma=,
		done <<-LIST
			$list
		LIST
	done
}

report() {
	rootuuid
	printf 'P2V-PROBE {"format":"p2v-probe/1","root":'
	known "$uuid"
	printf ',"rootSource":'
	known "$source"
	printf ',"kernel":'
	word "$(uname -r)"
	printf ',"state":'
	word "$state"
	printf ',"uptime":'
	number "$(seconds)"
	printf ',"failed":[%s],"waiting":[%s]' "$(failed)" "$(waiting)"
	if have ip; then printf ',"ip":true'; else printf ',"ip":false'; fi
	printf ',"links":[%s],"routes":[%s]}' "$(links)" "$(routes)"
}

# A console that does not drain must not hold us up: it is written aside, and left after a while.
show() {
	(
		printf '\n%s\n' "$line" >>"$1" &
		writer=$!
		(
			sleep 10
			kill -9 $writer
		) >/dev/null 2>&1 &
		guard=$!
		wait $writer
		code=$?
		kill $guard
		exit $code
	) 2>/dev/null
}

# /dev/console may be the screen, which belongs to people: only where there is no serial port.
show_all() {
	shown=no
	for console in $consoles; do
		if [ -c "$console" ] || [ -n "$\{P2V_CONSOLES-}" ]; then
			if show "$console"; then shown=yes; fi
		fi
	done
	if [ $shown = no ] && [ -c /dev/console ] && [ -z "$\{P2V_CONSOLES-}" ]; then show /dev/console; fi
}

settle
network
line=$(report)
# The kernel may print in the middle of the line: three times, so that one comes through.
for _ in 1 2 3; do
	show_all
	sleep 3
done
exit 0
`;
