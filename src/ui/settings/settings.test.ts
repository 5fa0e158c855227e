// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import { DEFAULT_TRANSFER } from "../../plan/index.ts";
import {
  answersOf,
  COMMANDS,
  findCommand,
  parseCommandLine,
  renderCommandHelp,
  renderHelp,
  SETTINGS,
  takeCommand,
} from "./index.ts";

const migrate = (...args: readonly string[]): ReturnType<typeof parseCommandLine> =>
  parseCommandLine(findCommand("migrate"), args);
const NEEDED = ["--disk", "/x.img", "--to", "dir:/vms"];
const answers = (...args: readonly string[]): ReturnType<typeof answersOf> =>
  answersOf(migrate(...NEEDED, ...args), { kind: "dir", path: "/vms" });

function refused(body: () => unknown, code: string): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.area, "usage");
    assert.equal(error.code, code);
    assert.notEqual(error.advice, "");
    return true;
  });
}

test("every help text fits 80 columns and names every flag of its command", () => {
  for (const command of COMMANDS) {
    const help = renderCommandHelp(command);
    for (const name of command.settings) assert.ok(help.includes(`--${name}`), `${command.name} --${name}`);
    for (const line of help.split("\n")) assert.ok(line.length <= 80 || line.startsWith("  virt-p2v"), line);
  }
  for (const line of renderHelp().split("\n")) assert.ok(line.length <= 80, line);
});

test("every setting belongs to a command", () => {
  const used = new Set(COMMANDS.flatMap((command) => [...command.settings]));
  assert.deepEqual(
    Object.keys(SETTINGS).filter((name) => !used.has(name as keyof typeof SETTINGS)),
    [],
  );
});

test("settings become answers", () => {
  const given = answers(
    "--disk",
    "/y.img",
    "--memory",
    "4G",
    "--vcpus",
    "8",
    "--nic",
    "eth0=52-54-00-12-34-56",
    "--format",
    "qcow2",
    "--proof",
    "full",
  );
  assert.deepEqual(given.disks, ["/x.img", "/y.img"]);
  assert.equal(given.memoryBytes, 4 * 2 ** 30);
  assert.equal(given.vcpus, 8);
  assert.deepEqual([...given.nics], [["eth0", "52:54:00:12:34:56"]]);
  assert.equal(given.format, "qcow2");
  assert.equal(given.proof, "full");
  assert.equal(given.bootCheck, true);
  assert.equal(answers("--no-boot-check").bootCheck, false);
});

test("wrong usage is refused with what would be right", () => {
  refused(() => findCommand("migrat"), "command-unknown");
  const advice = (body: () => unknown): string => {
    try {
      body();
    } catch (error) {
      return error instanceof UserError ? error.advice : "";
    }
    return "";
  };
  assert.match(
    advice(() => findCommand("migrat")),
    /^Did you mean migrate\? Commands: /,
  );
  assert.match(
    advice(() => parseCommandLine(findCommand("plan"), ["--too", "dir:x"])),
    /^Did you mean --to\? See /,
  );
  refused(() => migrate("--to", "dir:/vms"), "setting-missing");
  refused(() => migrate(...NEEDED, "--nonsense"), "arguments-wrong");
  refused(() => migrate(...NEEDED, "--name"), "arguments-wrong");
  refused(() => migrate(...NEEDED, "extra"), "argument-unknown");
  refused(() => parseCommandLine(findCommand("verify"), []), "argument-missing");
  refused(() => answers("--memory", "much"), "memory-wrong");
  refused(() => answers("--lanes", "0"), "lanes-wrong");
  refused(() => answers("--limit-rate", "10"), "limit-rate-wrong");
  refused(() => answers("--retry-for", "soon"), "retry-for-wrong");
  for (const level of ["20", "0", "best"]) refused(() => answers("--compress", level), "compress-wrong");
  refused(() => answers("--memory", "1K"), "memory-wrong");
  refused(() => answers("--vcpus", "0"), "vcpus-wrong");
  refused(() => answers("--format", "vmdk"), "format-wrong");
  refused(() => answers("--nic", "eth0"), "nic-wrong");
  refused(() => answers("--nic", 'x",RUN+="y=52:54:00:12:34:56'), "nic-wrong");
});

test("a command may have two words", () => {
  const { command, rest } = takeCommand(["iso", "build", "--out", "x.iso"]);
  assert.equal(command.name, "iso build");
  assert.deepEqual(rest, ["--out", "x.iso"]);
  assert.equal(takeCommand(["inspect", "--json"]).command.name, "inspect");
  refused(() => takeCommand(["iso"]), "command-unknown");
  refused(() => takeCommand(["iso", "bild"]), "command-unknown");
  refused(() => takeCommand(["is"]), "command-unknown");
});

test("what follows the first word of remote is another command's", () => {
  const parse = (...args: readonly string[]): ReturnType<typeof parseCommandLine> =>
    parseCommandLine(findCommand("remote"), args);
  const given = parse("--portable", "f", "ssh://a", "copy", "--live", "--portable", "b", "--help", "--");
  assert.equal(given.one("portable"), "f");
  assert.deepEqual(given.positionals, ["ssh://a", "copy", "--live", "--portable", "b", "--help", "--"]);
  assert.equal(given.flag("help"), false);
  assert.deepEqual(parse("--portable=f", "--", "ssh://a", "doctor").positionals, ["ssh://a", "doctor"]);
  assert.equal(parse("--help").flag("help"), true);
  refused(() => parse(), "argument-missing");
  refused(() => parse("ssh://a"), "argument-missing");
  refused(() => parse("--live", "ssh://a", "copy"), "arguments-wrong");
});

test("answersOf() reads how the copy shall go", () => {
  assert.deepEqual(
    answers(
      "--lanes",
      "4",
      "--compress",
      "6",
      "--limit-rate",
      "20M/s",
      "--retry-for",
      "2h",
      "--skip-bad-sectors",
    ).transfer,
    {
      lanes: 4,
      receiver: "auto",
      compress: 6,
      limitBytesPerSecond: 20 * 2 ** 20,
      retryForMs: 7_200_000,
      skipBadSectors: true,
    },
  );
  assert.deepEqual(answers().transfer, DEFAULT_TRANSFER);
});

test("--only leaves out all other steps, and means an optional one; a step that is not there has the nearest named", () => {
  const given = parseCommandLine(findCommand("plan"), ["--disk", "a", "--to", "dir:/x", "--only", "xorg"]);
  const answers = answersOf(given, { kind: "dir", path: "/x" });
  assert.deepEqual(answers.withSteps, ["xorg"]);
  assert.ok(answers.skipSteps.includes("fstab") && !answers.skipSteps.includes("xorg"));
  const wrong = parseCommandLine(findCommand("plan"), ["--disk", "a", "--to", "dir:/x", "--only", "fstb"]);
  assert.throws(() => answersOf(wrong, { kind: "dir", path: "/x" }), { code: "step-unknown" });
});

test("a value of one setting is given once, and Node's own words are none of ours", () => {
  const twice = ["--disk", "/dev/sda", "--to", "dir:/x", "--name", "a"];
  const of = (...more: string[]) => parseCommandLine(findCommand("plan"), [...twice, ...more]);
  assert.throws(() => of("--name", "b"), /--name is given twice: a and b/);
  assert.equal(of("--name", "a", "--disk", "/dev/sdb", "--json", "--json").one("name"), "a");
  assert.throws(() => of("--memory", "-1"), /^UserError: --memory needs a value; .* --memory=-VALUE$/);
  assert.throws(() => of("--memory"), /^UserError: --memory needs a value$/);
  assert.throws(() => of("--json=yes"), /^UserError: --json takes no value$/);
});
