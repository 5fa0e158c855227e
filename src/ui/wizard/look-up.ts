// SPDX-License-Identifier: Apache-2.0
// What a page needs to know before it is shown: disks, network, host.
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../core/index.ts";
import { parseDestination } from "../../hosts/index.ts";
import { RunError } from "../../system/index.ts";
import type { Acts } from "./acts.ts";
import { paragraphs } from "./box.ts";
import { knownCards } from "./known-cards.ts";
import type { PageName } from "./page.ts";
import { withNetwork } from "./pages/network.ts";
import type { Screen } from "./screen.ts";
import { answer, keysFor, type WizardState } from "./state.ts";

type Context = {
  readonly screen: Screen;
  readonly state: WizardState;
  readonly acts: Acts;
  readonly signal: AbortSignal;
};

/** The state with what was found. UserError: the page cannot be shown. */
export async function lookUp(name: PageName, given: Context): Promise<WizardState> {
  const context = { ...given, state: await loadKeyboard(given) };
  if (name === "network-way" || name === "disks" || name === "vm")
    return context.state.lookedAt ? context.state : await lookAtDisks(context);
  if (name === "network-links" || name === "network-link") return await lookAtPorts(context);
  if (name === "network-check") return await setUpNetwork(context);
  return name === "host-key" && context.state.hostKeys === null ? await askHostKeys(context) : context.state;
}

/** Also where it fails, the wizard goes on: whoever sits at a serial line has lost nothing. */
async function loadKeyboard({ screen, state, acts, signal }: Context): Promise<WizardState> {
  const { wanted, loaded } = state.keyboard;
  if (wanted === loaded) return state;
  try {
    await acts.keyboard(wanted, { signal });
    return { ...state, keyboard: { wanted, loaded: wanted } };
  } catch (error) {
    if (!(error instanceof RunError) || signal.aborted) throw error;
    const text = paragraphs(`The layout ${wanted} could not be loaded.`, error.stderr.trim());
    await screen.ask({ kind: "text", title: "Keyboard not changed", text, next: "Next" });
    return { ...state, keyboard: { wanted: loaded, loaded } };
  }
}

async function lookAtDisks({ screen, state, acts, signal }: Context): Promise<WizardState> {
  await screen.wait(
    "Looking at the disks and the system on them, through an overlay that is thrown away ...",
  );
  try {
    const { machine, guest, network, problems } = await acts.inspect(state.disks, {
      keys: keysFor(state),
      root: answer(state, "root"),
      signal,
    });
    const found = knownCards(network, { guest, nics: state.machine.nics });
    const looked = {
      ...state,
      lookedAt: true,
      machine: { ...state.machine, storage: machine.storage },
      guest,
      problems,
    };
    return withNetwork(looked, { found });
  } catch (error) {
    // What ails a disk is reported by the plan, with the disks that were chosen.
    if (!(error instanceof UserError) || signal.aborted || error.code === "luks-key-wrong") throw error;
    return { ...state, lookedAt: true };
  }
}

async function lookAtPorts({ screen, state, acts, signal }: Context): Promise<WizardState> {
  const { blink } = state.network;
  const still = withNetwork(state, { blink: null });
  if (blink !== null) {
    await screen.wait(`The light of ${blink} blinks for ten seconds ...`);
    try {
      await acts.blink(blink, { signal });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const text = paragraphs(`${error.message}.`, `${error.advice}.`);
      await screen.ask({ kind: "text", title: "No light", text, next: "Close" });
    }
  }
  const nics = await acts.ports({ signal });
  return { ...still, machine: { ...still.machine, nics } };
}

async function setUpNetwork({ screen, state, acts, signal }: Context): Promise<WizardState> {
  const { way, setup, applied, checks } = state.network;
  const wanted = way === "auto" || way === null ? "auto" : setup;
  const stands = isDeepStrictEqual(applied, wanted) || (applied === "boot" && wanted === "auto");
  if (stands && checks?.every(({ ok }) => ok) === true) return state;
  if (!stands) {
    await screen.wait("Setting up the network; DHCP or a switch may take half a minute ...");
    await acts.applyNetwork(wanted === "auto" ? null : wanted, { nics: state.machine.nics, signal });
  }
  await screen.wait("Trying the network ...");
  return withNetwork(state, {
    applied: stands ? applied : wanted,
    checks: await acts.checkNetwork({ signal }),
  });
}

async function askHostKeys({ screen, state, acts, signal }: Context): Promise<WizardState> {
  const destination = parseDestination(answer(state, "to") ?? "");
  if (destination.kind !== "ssh") return state;
  await screen.wait(`Asking ${destination.host} for its key ...`);
  for (const { what, ok, text } of await acts.checkHost(destination, { signal })) {
    if (ok) continue;
    if (what !== "full size")
      throw new UserError(what === "name" ? "host-name-unknown" : "host-unreachable", sentence(text), {
        advice: "Check address and port; Back leads on to the network",
      });
    const words = paragraphs(`${sentence(text)}.`, "Back leads to the network's pages; Next goes on.");
    await screen.ask({ kind: "text", title: "Full-size packets", text: words });
  }
  return { ...state, hostKeys: await acts.hostKeys(destination, { signal }) };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
