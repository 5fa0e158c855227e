#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# virt-p2v @VERSION@ for Linux on x86-64, whatever its C library: one file that brings its own Node, programs, libraries and
# loader. Needs Linux 3.10 (Node is made for 4.18), /proc, and 250 MB once in a directory that is not mounted noexec.
# For any POSIX shell: dash, bash, ksh, busybox. What is behind this text begins at blocks of 4096 bytes.
#
# Started, it unpacks what it brings, once for each version, to a directory of this user alone, and runs from there. What lies
# there already is used only where nobody else can have put it: the directory and all above it belong to this user or to root,
# and nobody else may write there. Names are hashes of contents, which are checked before they are unpacked.
set -u
umask 077

fail() { # what, what to do
	printf 'virt-p2v: %s\n  %s\n' "$1" "$2" >&2
	exit 3
}

# On a system that has nothing but busybox, its programs may have no names of their own.
for name in chmod dd id ls mkdir mktemp mv rm rmdir uname; do
	command -v "$name" >/dev/null 2>&1 || eval "$name() { /bin/busybox $name \"\$@\"; }"
done

[ "$(uname -s) $(uname -m)" = 'Linux x86_64' ] ||
	fail "This machine is $(uname -s) $(uname -m); this file is for Linux on x86_64" 'Start the live CD on it instead.'
kernel=$(uname -r)
major=${kernel%%.*} rest=${kernel#*.}
minor=${rest%%[!0-9]*}
if [ "$major" -lt 3 ] || { [ "$major" = 3 ] && [ "${minor:-0}" -lt 10 ]; }; then
	fail "Linux $kernel is too old: Node needs 3.10 or newer" \
		'Survey it with the script of "virt-p2v inspect --collector", which any shell runs, and migrate it with the live CD.'
fi
[ -e /proc/self/mountinfo ] || fail '/proc is not mounted' 'mount -t proc proc /proc'

self=$0
case $self in */*) ;; *) [ -e "$self" ] || self=$(command -v -- "$self") ;; esac
[ -r "$self" ] || fail "$self cannot be read" 'Start this file by its path.'
user=$(id -u)

# Does nobody but this user and root decide what is in this directory, by its owner, its mode, and those of all above it?
ours_alone() { # absolute path without links
	dir=$1 first=yes
	while :; do
		[ -d "$dir" ] && [ ! -L "$dir" ] || return 1
		# shellcheck disable=SC2046
		set -- $(ls -ldn -- "$dir" 2>/dev/null)
		[ $# -ge 4 ] || return 1
		[ "$3" = "$user" ] || { [ "$3" = 0 ] && [ $first = no ]; } || return 1
		case $first$1 in
		yesdrwx------ | yesdrwx------.) ;; # a "+" would be an access list
		yes*) return 1 ;;
		nod????-??-* | nod????????[tT]*) ;; # others may not write, or in /tmp only what is theirs
		*) return 1 ;;
		esac
		[ "$dir" != / ] || return 0
		first=no dir=${dir%/*}
		dir=${dir:-/}
	done
}

# $cache is the first of these directories that is ours alone, or can be made so.
find_cache() { # try: the last one was of no use
	for base in ${XDG_CACHE_HOME:+"$XDG_CACHE_HOME"} ${HOME:+"$HOME/.cache"} /var/cache ${TMPDIR:+"$TMPDIR"} /var/tmp /tmp /run; do
		case $base in
		"${HOME:-/nowhere}/.cache") [ -d "$HOME" ] && mkdir -p -- "$base" 2>/dev/null ;;
		/var/cache)
			[ "$user" = 0 ] || continue
			mkdir -p -- "$base" 2>/dev/null
			;;
		/*) ;;
		*) continue ;;
		esac
		base=$(cd -P -- "$base" 2>/dev/null && pwd -P) || continue
		[ "$base" != / ] || continue
		case $base in */.cache | /var/cache | "${XDG_CACHE_HOME:-/nowhere}") cache=$base/virt-p2v ;; *) cache=$base/virt-p2v-$user ;; esac
		case "$tried" in *" $cache "*) continue ;; esac
		mkdir -- "$cache" 2>/dev/null
		# Made by an earlier run, with another umask.
		[ -O "$cache" ] && [ ! -L "$cache" ] && chmod 700 -- "$cache" 2>/dev/null
		[ ${#cache} -le 380 ] && ours_alone "$cache" && return 0
	done
	return 1
}

part() { # block, bytes: of this file
	dd if="$self" bs=4096 skip="$1" count=$((($2 + 4095) / 4096)) 2>/dev/null
}

# Are all files of a directory of ours there, as long as they should be? Cleaners of old files may have been at work.
whole() { # directory, busybox
	[ -f "$1/sizes" ] && [ -x "$2" ] || return 1
	(cd -- "$1" && "$2" cut -d ' ' -f 2 sizes | "$2" xargs "$2" stat -c '%s %n' 2>/dev/null | "$2" cmp -s sizes -)
}

# Unpacks a part to a directory of its own, whose name it gets when all is there. Two that start at once do not meet.
unpack() { # block, bytes, hash, name
	found=$(part "$1" "$2" | "$busybox" head -c "$2" | "$busybox" sha256sum)
	[ "${found%% *}" = "$3" ] || fail "$self is damaged or cut off" 'Fetch it again, and compare it with SHA256SUMS.'
	new=$(mktemp -d "$cache/.new-XXXXXX") || return 1
	# shellcheck disable=SC2064
	trap "rm -rf -- '$new'" EXIT
	part "$1" "$2" | "$busybox" head -c "$2" | "$busybox" xzcat 2>/dev/null | "$busybox" tar -x -m -o -C "$new" -f - 2>/dev/null
	whole "$new" "$busybox" || return 1
	if [ -f "$new/loaders" ]; then
		while read -r offset file; do
			printf '%s\0' "$cache/$4/lib/ld-linux-x86-64.so.2" |
				"$busybox" dd of="$new/$file" bs=1 seek="$offset" conv=notrunc 2>/dev/null || return 1
		done <"$new/loaders"
	fi
	"$busybox" sync # before it has its name: a power cut must leave no files of zeros
	# What another one has made meanwhile stays: it may be about to start it.
	if ! whole "$cache/$4" "$busybox"; then
		[ ! -e "$cache/$4" ] || mv -- "$cache/$4" "$new/old"
		"$busybox" mv -T -- "$new" "$cache/$4" 2>/dev/null || whole "$cache/$4" "$busybox" || return 1
	fi
	rm -rf -- "$cache/$4/old" "$new"
	trap - EXIT
}

runtime=runtime-@RUNTIME_SHA256@ program=program-@PROGRAM_SHA256@
tried=' ' why=
while :; do
	find_cache || fail "There is no directory to unpack to${why:+: $why}" \
		'It needs 250 MB in one that is not mounted noexec, belongs to you, and that nobody else may write: name one by XDG_CACHE_HOME.'
	tried="$tried$cache "
	busybox=$cache/$runtime/busybox
	if whole "$cache/$runtime" "$busybox" && whole "$cache/$program" "$busybox"; then break; fi
	why="no room in $cache, or it is mounted noexec"
	busybox=$cache/busybox-$$ # to busybox, its own name begins so
	rm -f -- "$busybox"
	part @BUSYBOX_AT@ @BUSYBOX_BYTES@ >"$busybox" 2>/dev/null && chmod 700 -- "$busybox" && "$busybox" true 2>/dev/null &&
		{ whole "$cache/$runtime" "$busybox" || unpack @RUNTIME_AT@ @RUNTIME_BYTES@ @RUNTIME_SHA256@ "$runtime"; } &&
		{ whole "$cache/$program" "$busybox" || unpack @PROGRAM_AT@ @PROGRAM_BYTES@ @PROGRAM_SHA256@ "$program"; }
	done=$?
	rm -f -- "$busybox"
	[ $done != 0 ] || break
	rmdir -- "$cache" 2>/dev/null # where it is empty
done

# Programs: ours, then the system's, then those of ours that it may lack. ssh is the system's where it is new enough.
here=$cache/$runtime
usual=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}
case $(PATH=$usual && ssh -V 2>&1) in
OpenSSH_8.[789]* | OpenSSH_9* | OpenSSH_[1-9][0-9]*) P2V_PATH=$here/first:$usual:$here/ssh:$here/last ;;
*) P2V_PATH=$here/first:$here/ssh:$usual:$here/last ;;
esac
export P2V_PATH
# For "virt-p2v remote", which brings this file to a server.
case $self in /*) P2V_PORTABLE=$self ;; *) P2V_PORTABLE=$PWD/$self ;; esac
export P2V_PORTABLE
# What the caller's environment tells the system's loader is not for ours.
unset LD_LIBRARY_PATH LD_PRELOAD
if [ ! -d "${TMPDIR:-/tmp}" ]; then
	mkdir -p -- "$cache/tmp" || fail "There is no ${TMPDIR:-/tmp}, and $cache/tmp cannot be made" 'Make /tmp, or set TMPDIR.'
	TMPDIR=$cache/tmp
	export TMPDIR
fi
# As in bin/virt-p2v.
exec "$here/node" --no-memory-protection-keys --disable-warning=ExperimentalWarning "$cache/$program/dist/virt-p2v.mjs" "$@"
