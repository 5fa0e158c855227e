// SPDX-License-Identifier: Apache-2.0
// A libvirt host of its own on this machine: libvirtd and sshd in namespaces, with directories of their own. The
// daemon, its QEMU and its user are Debian's; nothing outside sees them, and all of it ends with the test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { endTree, waitFor } from "../../../lab/processes.ts";

export type LibvirtHostOptions = {
  /** Default true. */
  readonly daemon?: boolean;
  readonly signal?: AbortSignal;
};

export interface LibvirtHost extends AsyncDisposable {
  /** For `--ssh-config`; knows the host as `hostAlias`. */
  readonly sshConfigPath: string;
  readonly hostAlias: string;
  readonly userKeyPath: string;
  readonly hostKeyPath: string;
  /** `SHA256:...` of its ssh host key. */
  readonly fingerprint: string;
  /** Where images may lie: QEMU's user can get there. Seen from here too. */
  readonly images: string;
  /** A program of the host, inside. */
  inside(argv: readonly string[], options?: { allowCodes?: readonly number[] }): Promise<string>;
  /** Opens its ssh server on 127.0.0.1, for clients that have no ProxyCommand; until the host ends. */
  listen(): Promise<{ readonly port: number }>;
  log(): string;
}

// The shell stays: as the first process it reaps what QEMU's daemons leave behind, and cat would not.
// KVM is hidden: on many build machines it opens and runs nothing. /run and the state of libvirt are fresh.
const SETUP = `set -e
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/lock /run/sshd
if [ -e /dev/kvm ]; then mount --bind /dev/null /dev/kvm; fi
for d in /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
  mkdir -p "$1$d" "$d"
  cp -a "$d/." "$1$d/"
  mount --bind "$1$d" "$d"
done
rm -f /etc/libvirt/qemu/networks/autostart/* /etc/libvirt/qemu/networks/default.xml
mkdir -p /var/cache/libvirt/qemu /var/log/libvirt/qemu
echo 'stdio_handler = "file"' >>/etc/libvirt/qemu.conf
ip link set lo up
if [ "$2" = yes ]; then libvirtd >"$1/libvirtd.log" 2>&1 & fi
echo ready
cat
`;

// A network that leads nowhere, and needs no dnsmasq.
const NETWORK = "<network><name>p2v-test</name><bridge name='virbr-p2v'/></network>\n";

/** Needs root, libvirt-daemon-system and openssh-server. */
export async function startLibvirtHost(options: LibvirtHostOptions = {}): Promise<LibvirtHost> {
  const { daemon = true, signal } = options;
  const directory = await mkdtemp(join(tmpdir(), "p2v-libvirt-"));
  const at = (name: string): string => join(directory, name);
  await run(["chmod", "711", directory]); // QEMU's user must get to the images
  await mkdir(at("images"), { mode: 0o711 });
  await run(["mkdir", "-p", "/run/sshd"]);
  for (const name of ["host_key", "user_key"])
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "p2v-test", "-f", at(name)]);
  const unshare = ["--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private"];
  const words = [...unshare, "sh", "-c", SETUP, "sh", directory, daemon ? "yes" : "no"];
  const child = spawn("unshare", words, { stdio: ["pipe", "pipe", "pipe"] });
  let log = "";
  child.stdout.on("data", (part: Buffer) => (log += part.toString()));
  child.stderr.on("data", (part: Buffer) => (log += part.toString()));
  const doors: Server[] = [];
  const stop = async (): Promise<void> => {
    for (const door of doors) door.close();
    await endTree(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitFor("the namespaces", () => log.includes("ready\n"), signal === undefined ? {} : { signal });
    const pid = (await run(["pgrep", "-P", `${child.pid}`])).stdout.trim().split("\n")[0] ?? "";
    const enter = ["nsenter", "-t", pid, "--mount", "--pid", "--net"];
    await writeSsh(at, enter);
    const inside: LibvirtHost["inside"] = async (argv, { allowCodes = [] } = {}) =>
      (await run([...enter, ...argv], { allowCodes, timeoutMs: 60_000 })).stdout;
    if (daemon) await startNetwork(at, enter);
    const keyLine = (await run(["ssh-keygen", "-l", "-f", at("host_key.pub")])).stdout;
    return {
      userKeyPath: at("user_key"),
      hostKeyPath: at("host_key.pub"),
      fingerprint: keyLine.split(" ")[1] ?? "",
      sshConfigPath: at("ssh_config"),
      hostAlias: "p2v-libvirt",
      images: at("images"),
      inside,
      async listen() {
        const door = createServer((socket) => connect(socket, sshServer(at, enter)));
        doors.push(door);
        await once(door.listen(0, "127.0.0.1"), "listening");
        return { port: (door.address() as AddressInfo).port };
      },
      log: () => log,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`The libvirt host did not start: ${log.trim()}`, { cause: error });
  }
}

const sshServer = (at: (name: string) => string, enter: readonly string[]): readonly string[] => [
  ...enter,
  "/usr/sbin/sshd",
  "-i",
  "-f",
  at("sshd_config"),
];

/** A server of its own for each connection, as inetd did it. */
function connect(socket: Socket, [program = "", ...args]: readonly string[]): void {
  const server = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  socket.pipe(server.stdin).on("error", () => socket.destroy());
  server.stdout.pipe(socket).on("error", () => server.kill());
}

/** sshd answers on ssh's own pipe (inetd mode), so it needs no port. */
async function writeSsh(at: (name: string) => string, enter: readonly string[]): Promise<void> {
  const server = [
    `HostKey ${at("host_key")}`,
    `AuthorizedKeysFile ${at("user_key.pub")}`,
    "StrictModes no", // /tmp is writable by everyone
    "UsePAM no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "MaxSessions 100",
  ];
  await writeFile(at("sshd_config"), `${server.join("\n")}\n`);
  const { stdout } = await run(["cut", "-d", " ", "-f", "1,2", at("host_key.pub")]);
  await writeFile(at("known_hosts"), `p2v-libvirt ${stdout}`);
  const client = [
    "Host p2v-libvirt",
    "  User root",
    `  ProxyCommand ${sshServer(at, enter).join(" ")}`,
    `  IdentityFile ${at("user_key")}`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile ${at("known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
  ];
  await writeFile(at("ssh_config"), `${client.join("\n")}\n`);
}

async function startNetwork(at: (name: string) => string, enter: readonly string[]): Promise<void> {
  const virsh = [...enter, "virsh", "-q", "-c", "qemu:///system"];
  await waitFor(
    "libvirtd",
    async () => (await run([...virsh, "version"], { allowCodes: [1], timeoutMs: 20_000 })).code === 0,
    { everyMs: 300 },
  );
  await writeFile(at("network.xml"), NETWORK);
  await run([...virsh, "net-define", at("network.xml")]);
  await run([...virsh, "net-start", "p2v-test"]);
}
