// SPDX-License-Identifier: Apache-2.0
// virt-p2v copy --live: passes over the disks of a running system, each with what it took.
import { formatBytes, formatSeconds } from "../../../core/index.ts";
import { parseDestination } from "../../../hosts/index.ts";
import { copyLive, downtimeAfter, type LivePass } from "../../../job/index.ts";
import { answersOf } from "../../settings/index.ts";
import { VERSION } from "../../version.ts";
import { type CommandRunner, makePrinter, say } from "../context.ts";
import { renderJson } from "../../text/plain.ts";

export const runCopy: CommandRunner = async (given, { signal }) => {
  const answers = answersOf(given, parseDestination(given.one("to") ?? ""));
  const json = given.flag("json");
  const printer = makePrinter({ json, verbose: given.flag("verbose") });
  const print = (value: object): void => void process.stdout.write(`${renderJson(value)}\n`);
  try {
    const to = given.one("to") ?? "";
    const { name, destination, passes } = await copyLive({
      answers,
      sshConfig: given.one("ssh-config"),
      follow: given.flag("follow"),
      trustWrites: given.flag("trust-writes"),
      version: VERSION,
      onPass: (pass) => {
        printer.close();
        if (json) print({ type: "pass", ...pass });
        else say(passLine(pass));
      },
      signal,
      emit: printer.emit,
    });
    printer.close();
    if (json) print({ type: "live-copy", name, destination, passes });
    else say(nextSteps({ to, name, disks: answers.disks, last: passes.at(-1) }));
    return 0;
  } finally {
    printer.close();
  }
};

const passLine = ({ number, usedBytes, readBytes, sentBytes, seconds }: LivePass): string =>
  [
    `Pass ${number}: ${formatBytes(usedBytes)} in use`,
    ...(readBytes < usedBytes ? [`${formatBytes(readBytes)} read`] : []),
    `${formatBytes(sentBytes)} sent`,
    formatSeconds(seconds),
    `a cutover now: down for about ${formatSeconds(downtimeAfter(seconds))}`,
  ].join(", ");

function nextSteps({
  to,
  name,
  disks,
  last,
}: {
  to: string;
  name: string;
  disks: readonly string[];
  last: LivePass | undefined;
}): string {
  const what = `${disks.map((disk) => `--disk ${disk}`).join(" ")} --to ${to} --name ${name}`;
  const words = [
    `\n${name}: copied ahead, and not finished. It is the disk of a running system: no VM can start from it.`,
    `To finish, replace the server by the live system in its memory:`,
    `  virt-p2v cutover --iso virt-p2v.iso ${what}`,
    `or boot it from the live CD, and there:`,
    `  virt-p2v migrate ${what}`,
    last === undefined
      ? ""
      : `All is read and compared, and only what differs is sent: at this pass's speed in ${formatSeconds(last.seconds)}, beside the conversion and the boot check.`,
  ];
  return words.filter((line) => line !== "").join("\n");
}
