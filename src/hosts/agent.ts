// SPDX-License-Identifier: Apache-2.0
// Starts the agent where the VM will live. Here it runs by this program's own Node; to another machine both are
// brought once per version, into the user's cache there.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGzip } from "node:zlib";
import { lastWords, type Link, UserError } from "../core/index.ts";
import { makeRunDirectory, quoteArgv, quoteWord, relayPrograms, traceSink } from "../system/index.ts";
import { linkOf } from "./link.ts";
import { agentProgram, agentScript, nodeBinary } from "./package.ts";
import { runScript, type ScriptResult, startScript, type Transport } from "./shell.ts";

/** glibc would keep an arena for each thread of the pool, each with its own free segments. */
const ENVIRONMENT = "UV_THREADPOOL_SIZE=4 MALLOC_ARENA_MAX=2";

/** A slow line needs 10 min for 44 MB at 75 kB/s. */
const UPLOAD_TIMEOUT_MS = 3_600_000;

type Placed = { readonly node: string; readonly script: string };

/** Once per transport; lanes that connect together share it. */
const placed = new WeakMap<Transport, Promise<Placed>>();

export async function startAgent(
  transport: Transport,
  { directory, signal }: { directory: string; signal: AbortSignal },
): Promise<Link> {
  const { node, script } = transport.isRemote
    ? await placeOnce(transport, signal)
    : { node: process.execPath, script: agentProgram() };
  // The same Node here and there; why without protection keys, bin/virt-p2v says.
  const keys = process.version.startsWith("v24.") ? ["--no-memory-protection-keys"] : [];
  const words = [node, ...keys, "--disable-warning=ExperimentalWarning", script, "--directory", directory];
  const isTraced = traceSink() !== null;
  if (isTraced) words.push("--trace");
  // What it runs there is recorded as if it were started from here.
  const hear = relayPrograms((argv) =>
    transport.isRemote ? { argv: transport.paste(quoteArgv(argv)), on: transport.title } : { argv },
  );
  // Once it runs, closing the link ends it: an abort must not kill it with cells that it could still make durable.
  const starting = new AbortController();
  const onAbort = (): void => starting.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const command = `${ENVIRONMENT} exec ${words.map(quoteWord).join(" ")}`;
    const how = { signal: starting.signal, lane: true, ...(isTraced ? { hear } : {}) };
    return linkOf(await startScript(transport, command, how));
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function placeOnce(transport: Transport, signal: AbortSignal): Promise<Placed> {
  const known = placed.get(transport);
  if (known !== undefined) return known;
  const placing = place(transport, signal);
  placed.set(transport, placing);
  placing.catch(() => placed.delete(transport)); // the next connection tries again
  return placing;
}

// openssl is four times as fast as coreutils' sha256sum; shasum is perl's.
const HASH = `p2v_hash() { { openssl dgst -sha256 -r <"$1" || sha256sum <"$1" || shasum -a 256 <"$1"; } 2>/dev/null | cut -c 1-64; }`;
const CACHE = `d=\${XDG_CACHE_HOME:-\${HOME:?there is no HOME}/.cache}/virt-p2v; umask 077; mkdir -p -- "$d" && chmod 700 "$d" || exit 45`;

async function place(transport: Transport, signal: AbortSignal): Promise<Placed> {
  await using directory = await makeRunDirectory("agent");
  const [node, script] = await Promise.all([nodeBinary(directory.path, signal), agentScript()]);
  const nodeName = `node-${node.sha256}`;
  const scriptName = `agent-${script.sha256}.mjs`;

  const look = await runScript(
    transport,
    `${HASH}; ${CACHE}; uname -s -m; printf '%s\\n' "$d"; p2v_hash "$d/${nodeName}"; echo; p2v_hash "$d/${scriptName}"; echo; command -v gzip`,
    { signal, timeoutMs: 120_000 },
  );
  if (look.code === 45 || look.stdout.length === 0) throw noCache(transport, look);
  const lines = look.stdout.toString("utf8").split("\n");
  const [system = "", cache = ""] = lines;
  checkSystem(transport, system);
  const send = async (
    name: string,
    sha256: string,
    bytes: AsyncIterable<Uint8Array>,
    gzip: boolean,
  ): Promise<void> => {
    // Aside under a name of its own, checked, then renamed: two uploads at once cannot meet.
    const aside = `.upload-${randomBytes(8).toString("hex")}`;
    const up = `${HASH}; ${CACHE}; t=$d/${aside}; trap 'rm -f -- "$t"' EXIT; ${gzip ? "gzip -dc" : "cat"} >"$t" && chmod 700 "$t" && [ "$(p2v_hash "$t")" = ${sha256} ] && mv -f -- "$t" "$d/${name}"`;
    const result = await runScript(transport, up, { signal, timeoutMs: UPLOAD_TIMEOUT_MS, input: bytes });
    if (result.code !== 0) throw noCache(transport, result);
  };
  if (!lines.includes(node.sha256)) {
    const gzip = lines.some((line) => line.endsWith("/gzip"));
    const file = createReadStream(node.path, { highWaterMark: 2 ** 20 });
    await send(
      nodeName,
      node.sha256,
      gzip ? file.pipe(createGzip({ level: 1, chunkSize: 2 ** 18 })) : file,
      gzip,
    );
  }
  if (!lines.includes(script.sha256)) await send(scriptName, script.sha256, once(script.bytes), false);

  const paths = { node: `${cache}/${nodeName}`, script: `${cache}/${scriptName}` };
  const tried = await runScript(transport, `${quoteWord(paths.node)} --version`, {
    signal,
    timeoutMs: 60_000,
  });
  if (tried.code !== 0) throw doesNotRun(transport, tried);
  return paths;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

const MACHINES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

function checkSystem({ title }: Transport, system: string): void {
  const wanted = `Linux ${MACHINES[process.arch] ?? process.arch}`;
  if (system === wanted) return;
  throw new UserError("host-other-system", `${title} is ${system.slice(0, 80)}; the agent needs ${wanted}`, {
    advice: "Choose a host of that kind",
  });
}

function noCache({ title }: Transport, { code, stderr }: ScriptResult): UserError {
  const words = lastWords(stderr);
  return new UserError(
    "agent-not-placed",
    `The agent cannot be placed on ${title}: ${words === "" ? `exit code ${code}` : words}`,
    {
      advice: "It needs 120 MB in ~/.cache/virt-p2v (or XDG_CACHE_HOME) there, and openssl or sha256sum",
    },
  );
}

function doesNotRun({ title }: Transport, { code, stderr }: ScriptResult): UserError {
  const words = lastWords(stderr);
  return new UserError(
    "agent-does-not-run",
    `The agent does not run on ${title}: ${words === "" ? `exit code ${code}` : words}`,
    {
      advice:
        "It needs glibc 2.28 or newer there, and a home that is not mounted noexec (set XDG_CACHE_HOME to another place)",
    },
  );
}
