// SPDX-License-Identifier: Apache-2.0
// p2v.* of the kernel command line become arguments of `migrate`, and what only the live CD asks. Names are those of the
// settings table; the names of the C virt-p2v (its manual, "KERNEL COMMAND LINE CONFIGURATION") are understood too. Pure.
import { UserError } from "../../core/index.ts";
import { answerArguments, type FileAnswers } from "./answer-file.ts";
import { findCommand } from "./parse.ts";
import { SETTINGS, type SettingName } from "./table.ts";

export type LiveSettings = {
  readonly unattended: boolean;
  /** Where the answer file is: a path or an http(s) address. */
  readonly config: string | null;
  /** For `migrate`: `--name`, `web` ...; no `--disk` where none was named. */
  readonly migrate: readonly string[];
  /** Where the private key for the host is: a path or an http(s) address. */
  readonly identity: string | null;
  /** `SHA256:...` of the host's key. */
  readonly hostKey: string | null;
  /** `plan`: copies nothing. */
  readonly mode: "migrate" | "plan";
  /** `local`: the machine's own system is started from its disks. */
  readonly post: "poweroff" | "reboot" | "local" | "none";
  readonly onfail: "wait" | "local" | "poweroff";
};

/** For the initramfs, which has read them already. */
const NOT_OURS: ReadonlySet<string> = new Set(["medium", "toram"]);
/** Of the C virt-p2v: without a meaning here, and harmless. */
const IGNORED: ReadonlySet<string> = new Set(["sudo", "oa", "skip_test_connection", "debug", "auto"]);
const ALIASES: Readonly<Record<string, SettingName>> = { of: "format", vcpus: "vcpus", hostkey: "host-key" };
const PARTS: ReadonlySet<string> = new Set(
  "server port username os disks o vcpu.cores vcpu.sockets vcpu.threads".split(" "),
);

/** Words of /proc/cmdline; a value with blanks stands in double quotes (kernel, lib/cmdline.c). At most 64 KiB. */
export function parseKernelCommandLine(text: string): readonly (readonly [key: string, value: string])[] {
  const words = text.slice(0, 65_536).match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  return words.map((word) => {
    const bare = word.replaceAll('"', "");
    const equals = bare.indexOf("=");
    return equals < 0 ? [bare, ""] : [bare.slice(0, equals), bare.slice(equals + 1)];
  });
}

function wrong(key: string, why: string, advice: string): UserError {
  return new UserError("parameter-wrong", `The kernel parameter p2v.${key} ${why}`, { advice });
}

/**
 * What the command line says, and `file` where that is silent: a setting named on the line replaces the file's, lists too.
 * UserError (usage) that names the first parameter that makes no sense.
 */
export function liveSettings(cmdline: string, file: FileAnswers = new Map()): LiveSettings {
  const migrate = findCommand("migrate").settings;
  const values = new Map<string, string>();
  const argv: string[] = [];
  const named = new Set<SettingName>();
  for (const [word, value] of parseKernelCommandLine(cmdline)) {
    if (!word.startsWith("p2v.")) continue;
    const key = word.slice(4);
    if (NOT_OURS.has(key) || IGNORED.has(key)) continue;
    if (PARTS.has(key) || isLiveOnly(key)) {
      values.set(isLiveOnly(key) ? key.replaceAll("_", "-") : key, value);
      continue;
    }
    const name = ALIASES[key] ?? migrate.find((one) => one === key.replaceAll("_", "-"));
    if (name === "host-key") values.set(name, value);
    else if (name === undefined || !migrate.includes(name))
      throw wrong(
        key,
        "is not known",
        `See the manual for those there are, such as p2v.to, p2v.name, p2v.unattended`,
      );
    else if (SETTINGS[name].value === null) {
      named.add(name);
      if (isYes(key, value)) argv.push(`--${name}`);
    } else if (value === "") throw wrong(key, "has no value", `Give p2v.${key}=${SETTINGS[name].value}`);
    else {
      named.add(name);
      for (const one of SETTINGS[name].repeated ? value.split(",") : [value]) argv.push(`--${name}`, one);
    }
  }
  if (values.has("disks")) named.add("disk");
  if (values.has("server")) named.add("to");
  for (const disk of values.get("disks")?.split(",") ?? []) argv.push("--disk", diskPath(disk));
  const cpus = ["cores", "sockets", "threads"].flatMap((part) => values.get(`vcpu.${part}`) ?? []);
  if (cpus.length > 0) named.add("vcpus");
  if (cpus.length > 0) argv.push("--vcpus", `${cpus.reduce((product, one) => product * countOf(one), 1)}`);
  const server = values.get("server");
  if (server !== undefined && !argv.includes("--to")) argv.push("--to", destinationOf(server, values));
  const live = (name: SettingName): string | undefined => values.get(name) ?? file.get(name)?.[0];
  const forMigrate = [...answerArguments(file, named), ...argv];
  const post = choice("post", live("post"), ["poweroff", "reboot", "local", "none"], "none");
  if (post === "local" && forMigrate.includes("--start"))
    throw wrong(
      "post",
      "is local, and p2v.start starts the VM: both would have the same addresses",
      "Give one of the two",
    );
  return {
    unattended: values.has("unattended") && isYes("unattended", values.get("unattended") ?? ""),
    config: values.get("config") ?? null,
    migrate: forMigrate,
    identity: live("identity") ?? null,
    hostKey: live("host-key") ?? null,
    mode: choice("mode", live("mode"), ["migrate", "plan"], "migrate"),
    post,
    onfail: choice("onfail", live("onfail"), ["wait", "local", "poweroff"], "wait"),
  };
}

const isLiveOnly = (key: string): boolean =>
  ["unattended", "config", "mode", "identity", "host-key", "post", "onfail"].includes(
    key.replaceAll("_", "-"),
  );

function isYes(key: string, value: string): boolean {
  if (/^(|1|yes|true|on)$/.test(value)) return true;
  if (/^(0|no|false|off)$/.test(value)) return false;
  throw wrong(key, `is "${value}"`, `Give p2v.${key}=yes or p2v.${key}=no`);
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw wrong("vcpu", `is "${text}"`, "Give numbers, such as p2v.vcpu.cores=4");
  return Number(text);
}

/** The C virt-p2v names disks without /dev. */
function diskPath(name: string): string {
  if (name.startsWith("/dev/")) return name;
  if (/^[A-Za-z0-9!/_-]+$/.test(name)) return `/dev/${name}`;
  throw wrong("disks", `names "${name}"`, "Give names such as p2v.disks=sda,sdb");
}

const DEFAULT_PATH = "/var/lib/libvirt/images";

/** p2v.os is a directory, or with libvirt the name of a pool, whose directory is asked nowhere here. */
function destinationOf(server: string, values: ReadonlyMap<string, string>): string {
  const path = values.get("os") ?? DEFAULT_PATH;
  if (!path.startsWith("/"))
    throw wrong("os", `is "${path}"`, `Give a directory of the host, such as p2v.os=${DEFAULT_PATH}`);
  const host = server.includes(":") && !server.startsWith("[") ? `[${server}]` : server;
  const port = values.get("port");
  return `ssh://${values.get("username") ?? "root"}@${host}${port === undefined ? "" : `:${port}`}${path}`;
}

function choice<const T extends string>(
  key: string,
  value: string | undefined,
  all: readonly T[],
  usual: T,
): T {
  if (value === undefined) return usual;
  const found = all.find((one) => one === value);
  if (found === undefined) throw wrong(key, `is "${value}"`, `Give one of ${all.join(", ")}`);
  return found;
}
