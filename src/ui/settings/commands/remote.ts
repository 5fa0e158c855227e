// SPDX-License-Identifier: Apache-2.0
// The command that runs another one on a server.
import type { Command } from "./command.ts";

export const remote: Command = {
  name: "remote",
  summary: "Run a command of virt-p2v on a server, with nothing installed there; it outlives the connection",
  description: [
    "Brings the portable file to the server over ssh, once, checks its hash there, and runs COMMAND by it with this terminal: its questions are asked here, its exit code is ours. The server needs sshd and a POSIX shell. Paths in COMMAND are the server's, and so are its disks. Your own ssh configuration, keys and known hosts are used; host keys are always checked.",
    "When the connection breaks, the job goes on. The same command attaches to it again, also from another terminal, and shows what was printed since; an end that nobody saw is kept for a week. One job runs at a time: a second, different command is refused. Ctrl-C is the job's. Enter ~ . leaves it running.",
    "Your ssh agent is forwarded for this command alone, so that the job can log in to its destination with your keys: while you are connected, root on that server can use them too. What the destination's host key is, the server must know itself (known_hosts there).",
  ],
  positional: {
    name: "URI",
    help: "The server: ssh://[user@]host[:port].",
    tail: {
      name: "COMMAND...",
      help: "What runs there, with its options: copy, cutover, inspect, doctor ...",
    },
  },
  settings: ["portable", "ssh-config", "trace", "help"],
  required: [],
  examples: [
    ["virt-p2v remote ssh://root@server inspect", "what is this server?"],
    [
      "virt-p2v remote ssh://root@server copy --live --disk /dev/sda --to ssh://root@host/srv/vms --name web",
      "its disks to the host, while it works",
    ],
  ],
};
