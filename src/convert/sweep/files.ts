// SPDX-License-Identifier: Apache-2.0
// The files that are looked at: what an administrator writes and what acts at boot, up to a bound. Links are not followed.
import type { GuestView } from "../../core/index.ts";
import { isDirectory } from "../../system/index.ts";
import { readQuietly } from "../text/read-quietly.ts";
import { type Defaults, isDefault } from "./package-defaults.ts";

type Root = {
  readonly path: string;
  readonly depth: number;
  readonly only?: RegExp;
};

const ROOTS: readonly Root[] = [
  { path: "/etc", depth: 7 },
  { path: "/boot", depth: 5, only: /\.(?:cfg|conf|lst)$|^grubenv$/ },
  { path: "/usr/local", depth: 5, only: /^(?!.*\.(?:so|a|o|pyc|mo|1|5|7|8|html?|css|js|jar|h|hpp|md|rst)$)/ },
  { path: "/var/spool/cron", depth: 3 },
  { path: "/var/lib/pacemaker/cib", depth: 1, only: /^cib\.xml$/ },
  { path: "/root", depth: 1, only: /\.(?:sh|pl|py)$/ },
];

/** Of no consequence: lists, keys, other people's hardware, what programs keep of themselves. */
const SKIPPED_DIRECTORIES =
  /^\/etc\/(?:nixos|ssl|pki|ca-certificates|alternatives|fonts|selinux|apparmor(?:\.d)?|udev\/hwdb\.d|bash_completion\.d|vim|emacs|dbus-1|sane\.d|X11\/(?:xkb|app-defaults|fonts)|lvm\/(?:archive|backup|cache|profile|devices)|logcheck|groff|gimp|ImageMagick.*|java.*|texmf|cups\/(?:ppd|ssl)|skel|libnl.*|ldap\/schema|openldap\/schema|grub\.d|\.(?:git|svn|etckeeper|hg).*)$|^\/boot\/(?:grub2?\/(?:fonts|locale|themes|i386-pc|x86_64-efi.*)|efi\/EFI\/.*\/fonts)$|^\/usr\/local\/(?:share\/(?:man|doc|zoneinfo|locale)|src|include|lib\/(?:python|node_modules|perl|ruby).*|man|games|go|java)$/;
const SKIPPED_PARTS =
  /^(?:backups?|old|archive|examples?|samples?|docs?|documentation|templates?|node_modules|__pycache__)$/i;
const SKIPPED_FILES =
  /^(?:README.*|services|protocols|ethers|securetty|magic|mtab|adjtime|mime\.types|ld\.so\.cache|machine-id|passwd-?|shadow-?|group-?|gshadow-?|hosts|resolv\.conf|mtools\.conf|hwconf|.*persistent-cd\.rules|(?:wodim|cdrecord)\.conf|bindings|wwids|blkid\.tab.*|device\.map|.*\.(?:pem|crt|key|der|p12|bin|db|cache|gz|bz2|xz|zip|png|log|pid|lock|swp))$/;
/** Copies that nobody reads: editors, package managers, people. */
const COPY =
  /(?:~|[._-](?:bak|backup|old|orig|save|saved|copy|rpmsave|rpmnew|rpmorig|dpkg-\w+|ucf-\w+|pacnew|pacsave|augsave|anaconda|disabled|sample|example|dist|default|tmpl|template|p2v|\d{6,14}))$|^#.*#$/i;

const MAX_FILES = 8000;
const MAX_BYTES = 256 * 2 ** 10;
const MAX_ALL_BYTES = 64 * 2 ** 20;

export type SweptFile = { readonly path: string; readonly text: string };

/** Text files, in order of their paths; those that are as their package brought them are left out. */
export async function* sweptFiles(
  view: GuestView,
  { defaults, signal }: { defaults: Defaults; signal: AbortSignal },
): AsyncGenerator<SweptFile> {
  let files = 0;
  let bytes = 0;
  for (const root of ROOTS) {
    for await (const path of walk(view, root, signal)) {
      files += 1;
      if (files > MAX_FILES || bytes > MAX_ALL_BYTES) return;
      const text = await readQuietly(view, path, { maxBytes: MAX_BYTES }).catch(oddFile);
      if (text === null || text.slice(0, 8192).includes("\u0000")) continue;
      bytes += text.length;
      if (isDefault(defaults, path, text)) continue;
      if (!path.startsWith("/usr/local/bin/") || text.startsWith("#!")) yield { path, text };
    }
  }
}

async function* walk(view: GuestView, root: Root, signal: AbortSignal): AsyncGenerator<string> {
  const open: { path: string; depth: number }[] = [{ path: root.path, depth: root.depth }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    signal.throwIfAborted();
    const { path: directory, depth } = next;
    if ((await view.resolve(directory)) !== directory) continue;
    const deeper: { path: string; depth: number }[] = [];
    for (const name of await namesIn(view, directory)) {
      const path = `${directory}/${name}`;
      if (SKIPPED_FILES.test(name) || COPY.test(name) || (await view.resolve(path)) !== path) continue;
      if (await isDirectory(view, path)) {
        if (depth > 1 && !SKIPPED_DIRECTORIES.test(path) && !SKIPPED_PARTS.test(name))
          deeper.push({ path, depth: depth - 1 });
      } else if (root.only === undefined || root.only.test(name)) yield path;
    }
    open.push(...deeper.toReversed());
  }
}

async function namesIn(view: GuestView, directory: string): Promise<readonly string[]> {
  try {
    return (await view.list(directory)).slice(0, 2000);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** A device, a fifo. */
function oddFile(error: unknown): null {
  if (error instanceof TypeError) return null;
  throw error;
}
