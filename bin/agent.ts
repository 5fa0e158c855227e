// SPDX-License-Identifier: Apache-2.0
// The agent: frames on stdin and stdout, disks below --directory. Started by src/hosts on the machine that gets the VM.
import { parseArgs } from "node:util";
import { serveAgent } from "../src/receiver/agent/index.ts";
import { sayPrograms } from "../src/system/index.ts";
import { joinStreams } from "../src/wire/index.ts";

const { values } = parseArgs({
  options: { directory: { type: "string" }, release: { type: "string" }, trace: { type: "boolean" } },
});
if (values.directory === undefined) {
  process.stderr.write("virt-p2v agent: --directory is missing; virt-p2v starts this program itself\n");
  process.exit(2);
}
if (values.trace === true) sayPrograms((line) => void process.stderr.write(line));
// Ctrl-C in a terminal is for the sender, which then says goodbye; a lost terminal is not a reason to stop a copy.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
const stream = joinStreams(process.stdin, process.stdout);
process.on("SIGTERM", () => stream.destroy()); // makes durable what it has, and lets the directory go
const { directory, release = "unknown" } = values;
const done = await serveAgent({ stream, ownsStream: true, directory, release });
process.exit(done ? 0 : 1);
