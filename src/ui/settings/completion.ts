// SPDX-License-Identifier: Apache-2.0
// Completion for bash, from the table: commands, flags, and files where a value or an argument is one.
import { COMMANDS, type Command } from "./commands/index.ts";
import { SETTINGS } from "./table.ts";

/** Values of these kinds are names of files, as far as a shell can know them. */
const FILES: ReadonlySet<string> = new Set([
  "ANSWERS",
  "DEVICE",
  "DIR",
  "FILE",
  "IMAGE",
  "ISO",
  "PATH",
  "[UUID=]FILE",
]);

export function renderBashCompletion(): string {
  const firsts = [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0] ?? "")), "help", "version"];
  const groups = new Map<string, string[]>();
  for (const { name } of COMMANDS) {
    const [first = "", second] = name.split(" ");
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), second]);
  }
  const settings = Object.entries(SETTINGS);
  const files = settings.flatMap(([name, { value }]) => (value !== null && FILES.has(value) ? [name] : []));
  const others = settings.flatMap(([name, { value }]) => (value === null || FILES.has(value) ? [] : [name]));
  return `# Completion of virt-p2v for bash. Made from src/ui/settings/table.ts; do not edit.
_virt_p2v() {
	local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]-} at=2 words= files=
	COMPREPLY=()
	# "=" is a word of its own to bash.
	if [[ $current == = ]]; then
		current=
	elif [[ $before == = ]]; then
		before=\${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if ((COMP_CWORD == 1)); then
		words="${firsts.join(" ")} --help --version"
	elif ((COMP_CWORD == 2)) && [[ $command == @(${[...groups.keys()].join("|")}) ]]; then
		case $command in
${[...groups].map(([first, seconds]) => `		${first}) words="${seconds.join(" ")}" ;;`).join("\n")}
		esac
	else
		if [[ $command == @(${[...groups.keys()].join("|")}) ]]; then
			command+=" \${COMP_WORDS[2]}"
			at=3
		fi
		case $before in
		${files.map((name) => `--${name}`).join(" | ")}) files=yes ;;
		${others.map((name) => `--${name}`).join(" | ")}) return ;;
		*)
			case $command in
${COMMANDS.map(renderCommand).join("\n")}
			esac
			((COMP_CWORD >= at)) || return
			;;
		esac
	fi
	if [[ $files && $current != -* ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	elif [[ $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	fi
}
complete -F _virt_p2v virt-p2v
`;
}

function renderCommand({ name, settings, positional }: Command): string {
  const files = positional !== null && FILES.has(positional.name) ? " files=yes" : "";
  return `			"${name}") words="${settings.map((setting) => `--${setting}`).join(" ")}"${files} ;;`;
}
