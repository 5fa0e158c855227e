// SPDX-License-Identifier: Apache-2.0
// Commands that set what only the old card can do: ring buffers, speed, wake-on-LAN. On a VM's card they may fail. ifup then
// leaves the interface unconfigured (interfaces(5): "If this command fails then ifup aborts"), and old versions of wicked give
// up on it too. Red Hat's ifup, NetworkManager and systemd go on. Only reported: what they were for a person must say.
import { guestFiles, makeProblem } from "../../../core/index.ts";
import type { Draft } from "../draft.ts";
import { step } from "../step.ts";
import { splitLogicalLines } from "../../text/lines.ts";
import { editAssignments } from "../../text/shell-file.ts";

const MAIN = "/etc/network/interfaces";
const MORE = "/etc/network/interfaces.d";
const SUSE = "/etc/sysconfig/network";

export const cardCommands = step(
  {
    name: "card-commands",
    explains: "Reports commands of ifup and wicked that set up the old card, and may fail on the VM's",
  },
  async ({ view, draft }) => {
    const files = [MAIN, ...(await view.list(MORE)).map((name) => `${MORE}/${name}`)];
    for (const path of files) {
      const text = await draft.read(path, { severity: "notes" });
      for (const [name, commands] of failingCommands(text ?? ""))
        report(draft, {
          path,
          name,
          commands,
          outcome: "ifup then leaves the interface without its addresses",
        });
    }
    if ((await view.resolve("/usr/sbin/wicked")) === null) return;
    for (const file of await view.list(SUSE)) {
      if (!/^ifcfg-[^~]+$/.test(file)) continue;
      const path = `${SUSE}/${file}`;
      const options: string[] = [];
      editAssignments((await draft.read(path, { severity: "notes" })) ?? "", (key, value) => {
        if (key.startsWith("ETHTOOL_OPTIONS") && value.trim() !== "") options.push(`ethtool ${value}`);
        return null;
      });
      if (options.length > 0)
        report(draft, {
          path,
          name: file.slice("ifcfg-".length),
          commands: options,
          outcome: "old versions of wicked then leave the interface down",
          severity: "notes",
        });
    }
  },
);

const SETS =
  /(?:^|[\s;&(/])(?:ethtool[ \t]+(?:-[sGACKLNX]\b|--(?:change|set-|pause|coalesce|offload|features))|mii-tool\b)/;
/** `|| true`, `|| :`, `; true`: whoever wrote it expected that it fails. */
const MAY_FAIL = /(?:\|\||;)\s*(?:\/bin\/)?(?:true|:|exit 0)\s*$/;
/** Options of the package ethtool (its hooks in /etc/network/if-pre-up.d and if-up.d). */
const OPTION = /^(?:link-(?:speed|duplex)|ethernet-(?:autoneg|wol|port|pause-\w+)|hardware-dma-ring-\S+)$/;

/** Commands of /etc/network/interfaces by the interface. Pure. */
export function failingCommands(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let name: string | null = null;
  for (const line of splitLogicalLines(text)) {
    const [, keyword = "", rest = ""] = /^\s*([a-z_-]{1,40})\s+(.{1,4096})/s.exec(line) ?? [];
    if (keyword === "iface") name = rest.split(/\s+/)[0] ?? null;
    else if (/^(?:auto|allow-.*|mapping|source.*)$/.test(keyword)) name = null;
    if (name === null) continue;
    const command = rest.replaceAll(/\\\r?\n/g, " ").trim();
    const fails = /^(?:pre-up|up|post-up)$/.test(keyword) && SETS.test(command) && !MAY_FAIL.test(command);
    const isOption = OPTION.test(keyword.replaceAll("_", "-"));
    if (!fails && !isOption) continue;
    const commands = found.get(name) ?? [];
    if (commands.length < 20) commands.push(`${keyword} ${command}`);
    found.set(name, commands);
  }
  return found;
}

type Found = {
  readonly path: string;
  readonly name: string;
  readonly commands: readonly string[];
  readonly outcome: string;
  readonly severity?: "notes";
};

function report(draft: Draft, { path, name, commands, outcome, severity }: Found): void {
  const [first = "", ...more] = commands;
  draft.problem(
    makeProblem("nic-command", {
      about: [{ kind: "nic", name, mac: null }, ...guestFiles(path)],
      ...(severity === undefined ? {} : { severity }),
      text: `${path} sets up the card of ${name} with "${first.slice(0, 200)}"${more.length === 0 ? "" : ` and ${more.length} more`}, which may fail on a VM's card; ${outcome}`,
      advice: "Take it out, or put || true behind it",
    }),
  );
}
