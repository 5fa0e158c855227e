// SPDX-License-Identifier: Apache-2.0
// What runs as the very last on a server with systemd, when all services are ended and all that can be is unmounted: it takes what the
// kernel has recorded since, lays it behind the initramfs of the live system, and jumps. Pure.
import { quoteArgv } from "../../../system/index.ts";

export type HookScript = {
  /** Of the recording, in tracefs. */
  readonly recording: string;
  /** Of the instance, whose content tells that it was not set otherwise. */
  readonly settings: readonly string[];
  /** Kernel command line. */
  readonly words: string;
  /** Where the list goes, in the initramfs. */
  readonly place: string;
};

/** Programs of the server that it needs, by name; kexec has its place already. */
export const HOOK_PROGRAMS = ["sh", "cat", "wc", "sleep", "mount", "umount"] as const;

const DIRECTORY_MODE = 0o040700;
const FILE_MODE = 0o100600;

/**
 * Whatever fails, the jump comes: the kernel holds the live system already, without the list, and then everything is compared. If
 * that fails too, the server starts its own system.
 */
export function renderHook({ recording, settings, words, place }: HookScript): string {
  return `#!/bin/sh
PATH=/bin
umount -R /oldroot 2>/dev/null
sleep 1
[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing
i=/sys/kernel/tracing/instances/${recording}
number=5000
pad() {
	n=$(((4 - $1 % 4) % 4))
	while [ $n -gt 0 ]; do
		printf '\\0'
		n=$((n - 1))
	done
}
head() { # NAME MODE SIZE
	number=$((number + 1))
	length=$((\${#1} + 1))
	printf '070701%08x%08x00000000000000000000000100000000%08x00000000000000000000000000000000%08x00000000' $number $2 $3 $length
	printf '%s\\0' "$1"
	pad $((110 + length))
}
entry() { # NAME FILE
	size=$(wc -c <"$2") && head "$1" ${FILE_MODE} $((size)) && cat "$2" && pad $((size))
}
stats() {
	for cpu in $i/per_cpu/cpu*; do
		echo "== \${cpu##*/}"
		cat $cpu/stats || return 1
	done
}
settings() {
	for file in ${quoteArgv(settings)}; do
		printf '%s=' "$file"
		cat $i/$file || return 1
	done
}
list() {
	cat $i/trace >/w/trace && stats >/w/stats && settings >/w/settings && {
		head ${place} ${DIRECTORY_MODE} 0
		for file in record.json trace stats settings; do entry ${place}/$file /w/$file || return 1; done
		head 'TRAILER!!!' 0 0
	} >/w/list
}
say() {
	echo "virt-p2v: $1" >/dev/console
}
list && say "$(($(wc -l </w/trace))) lines of the kernel's record go along" && cat /w/list >>/initrd.img && kexec -l /vmlinuz --initrd=/initrd.img --command-line=${quoteArgv([words])}
say 'the live system starts'
kexec -e
echo b >/proc/sysrq-trigger
sleep 60
`;
}

/** Of `ldd`: where a program looks for what it needs beside itself, and where that is. */
export function parseLdd(text: string): readonly { readonly at: string; readonly from: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, name = "", target] = /^\s*(\S+)(?: => (\/\S+))? \(0x[0-9a-f]+\)$/u.exec(line) ?? [];
    const from = target ?? name;
    if (!from.startsWith("/")) return [];
    // A loader that is named by its path is looked for there.
    return name.startsWith("/") && name !== from
      ? [
          { at: from, from },
          { at: name, from },
        ]
      : [{ at: from, from }];
  });
}
