// SPDX-License-Identifier: Apache-2.0
// Where the VM goes: a host over ssh with its key and a login, or a directory here.
import { UserError } from "../../../core/index.ts";
import { parseDestination } from "../../../hosts/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { answer, type WizardState, withAnswers } from "../state.ts";

const DEFAULT_DIRECTORY = "/var/lib/libvirt/images";

const isSsh = (state: WizardState): boolean => answer(state, "to")?.startsWith("dir:") !== true;

export const hostKind: Page = {
  name: "host-kind",
  help: "A host is any Linux computer with an ssh server: Xen, KVM with libvirt, Proxmox VE, or one without a hypervisor that only keeps the files. Nothing has to be installed there.\n\nA directory of this system is for disks that you mounted yourself, from the shell.",
  applies: () => true,
  box: (state) => ({
    kind: "menu",
    title: "Where the VM goes",
    text: "Where shall the virtual machine live?",
    items: [
      { tag: "ssh", label: "on a host, over ssh" },
      { tag: "dir", label: "in a directory of this system" },
    ],
    chosen: isSsh(state) ? "ssh" : "dir",
  }),
  take: (state, [kind]) => {
    if ((kind === "ssh") === isSsh(state)) return state;
    return withAnswers(state, { to: kind === "dir" ? "dir:/mnt" : "" });
  },
};

export const directory: Page = {
  name: "directory",
  help: "The VM gets a directory of its own below the one you name: DIRECTORY/NAME with its disk images and definitions.",
  applies: (state) => !isSsh(state),
  box: (state) => ({
    kind: "form",
    title: "Directory",
    text: "A directory with room for the VM's disks.",
    fields: [{ label: "Directory", value: (answer(state, "to") ?? "").slice("dir:".length) }],
  }),
  take: (state, [path = ""]) => {
    parseDestination(`dir:${path}`);
    return withAnswers(state, { to: `dir:${path}` });
  },
};

export const host: Page = {
  name: "host",
  help: "Address: a name, an IPv4 or an IPv6 address. Port: 22 where nothing is said. User: who may write to the directory there, and for Xen or libvirt define VMs. Directory: the VM gets one of its own below it, DIRECTORY/NAME.",
  applies: isSsh,
  box: (state) => {
    const { user, name, port, path } = parts(state);
    return {
      kind: "form",
      title: "Host",
      text: "The host that shall run the virtual machine.",
      fields: [
        { label: "Address", value: name },
        { label: "Port", value: port },
        { label: "User", value: user },
        { label: "Directory", value: path },
      ],
    };
  },
  take: (state, [name = "", port = "", user = "", path = ""]) => {
    if (name === "") throw missing("Name a host", "Its name or address, as you would give it to ssh");
    const shown = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
    const slash = path.startsWith("/") ? path : `/${path}`;
    const to = `ssh://${user === "" ? "" : `${user}@`}${shown}${port === "" || port === "22" ? "" : `:${port}`}${slash.replaceAll("%", "%25")}`;
    parseDestination(to);
    if (to === answer(state, "to")) return state;
    return { ...withAnswers(state, { to, "host-key": "" }), hostKeys: null };
  },
};

function parts(state: WizardState): { user: string; name: string; port: string; path: string } {
  const to = answer(state, "to");
  const known = to === null ? null : parseDestination(to);
  if (known?.kind !== "ssh") return { user: "root", name: "", port: "22", path: DEFAULT_DIRECTORY };
  return { user: known.user ?? "", name: known.host, port: `${known.port ?? 22}`, path: known.path };
}

const missing = (message: string, advice: string): UserError =>
  new UserError("answer-missing", message, { advice });

export const hostKey: Page = {
  name: "host-key",
  help: "The fingerprint tells that this is your host and nobody between. On the host's own console:\n\n  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\n\nOnly the key that you choose is accepted from now on.",
  applies: isSsh,
  box: (state) => ({
    kind: "menu",
    title: "Is this your host?",
    text: paragraphs(
      "The host shows these keys. Compare one with what its console says; Next accepts the one that is marked, and no other.",
      " ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    ),
    items: (state.hostKeys ?? []).map(({ type, fingerprint }) => ({ tag: fingerprint, label: type })),
    chosen: answer(state, "host-key"),
  }),
  take: (state, [fingerprint = ""]) => withAnswers(state, { "host-key": fingerprint }),
};

export const login: Page = {
  name: "login",
  help: "A password: of the user on the host. It is kept in memory and given to ssh alone; no file of answers has it.\n\nA private key: a path on this system (a stick that you mounted), or an http(s) address. Its public half must be in ~/.ssh/authorized_keys of that user on the host. Where the key has a passphrase, give that as the password.\n\nBoth empty: the keys of this system's ssh.",
  applies: isSsh,
  box: (state) => ({
    kind: "form",
    title: "Login",
    text: paragraphs(
      `How to log in to ${parts(state).name}${userText(state)}: a password, a private key, or both.`,
    ),
    fields: [
      { label: "Password", value: state.password ?? "", secret: true },
      { label: "Private key", value: answer(state, "identity") ?? "" },
    ],
  }),
  take: (state, [password = "", identity = ""]) => ({
    ...withAnswers(state, { identity }),
    password: password === "" ? null : password,
  }),
};

const userText = (state: WizardState): string => {
  const { user } = parts(state);
  return user === "" ? "" : ` as ${user}`;
};
