// SPDX-License-Identifier: Apache-2.0
// qemu-guest-agent, on request: from extras by the guest's own tool, else by a unit that installs it at the first boot with
// a network. Its channel is in the VM's definitions.
import { step, type StepContext } from "../step.ts";
import { type GuestView, makeProblem, named } from "../../../core/index.ts";
import { layeredView } from "../../../system/index.ts";
import { directoriesFor, withNeeds } from "../../drivers/choose.ts";
import { readFitting } from "../../drivers/extras.ts";
import { IDLE_PROGRAMS, installation } from "../../drivers/install.ts";
import {
  AGENT_LINK,
  AGENT_SCRIPT,
  AGENT_UNIT,
  PACKAGE_MANAGERS,
  type PackageManager,
  renderAgentScript,
  renderAgentUnit,
} from "./guest-agent-unit.ts";

/** makeVm() in src/plan looks for the same name. */
const NAME = "guest-agent";
const WHY = "The QEMU guest agent was requested";

export const guestAgent = step(
  {
    name: NAME,
    explains:
      "On request: installs qemu-guest-agent from extras, or from the guest's own repositories at its first boot",
    optional: true,
  },
  async (context) => {
    // What was not asked for is not installed in vain, nor named in each plan.
    if (context.intent.withSteps?.includes(NAME) !== true || (await hasAgent(context.view))) return;
    if (!(await fromExtras(context))) await atFirstBoot(context);
  },
);

async function hasAgent(view: GuestView): Promise<boolean> {
  for (const path of ["/usr/sbin/qemu-ga", "/usr/bin/qemu-ga"])
    if ((await view.resolve(path)) !== null) return true;
  return false;
}

async function fromExtras(context: StepContext): Promise<boolean> {
  const { view, blobs, changes, tools, extras, draft, signal, emit } = context;
  const { packages: candidates } = await readFitting(extras, context);
  const agent = candidates.find(({ programs }) => programs.includes("qemu-ga"));
  if (agent === undefined) return false;
  const { script, packages } = installation(withNeeds(agent, candidates), { releases: [] });
  const name = `${agent.name} ${agent.version}`;
  emit({ type: "step", phase: "plan", text: `Installing ${name} in a copy of the guest` });
  const paths = packages.map(({ path }) => path);
  const request = { script, packages: paths, idle: IDLE_PROGRAMS, changes, blobs, signal };
  const installed = await tools.installPackages(request);
  if (installed.kind === "later") {
    draft.problem(
      makeProblem("guest-agent-later", {
        about: named("package", agent.name),
        text: `${name} from extras will be installed at migration`,
        advice: "Its tool runs on a throw-away overlay then, before a byte is copied",
      }),
    );
    return true;
  }
  if (installed.kind === "failed") {
    draft.problem(
      makeProblem("guest-agent-not-installed", {
        about: named("package", agent.name),
        text: `${name} from extras could not be installed (${installed.why})`,
        advice: "Put what its tool asks for beside it",
      }),
    );
    return false;
  }
  const made = installed.changes.map((change) => ({ step: NAME, why: WHY, ...change }));
  if (!(await hasAgent(layeredView(view, blobs, [...changes, ...made])))) return false;
  for (const change of installed.changes) draft.add({ why: `${WHY}: ${name} from extras`, ...change });
  return true;
}

async function atFirstBoot({ view, guest, extras, draft }: StepContext): Promise<void> {
  const manager = await findManager(view);
  if (guest.init !== "systemd" || manager === null) {
    const place = `${extras.directory}/${directoriesFor(guest)[0] ?? ""}/`;
    draft.problem(
      makeProblem("guest-agent-not-installed", {
        about: named("package", "qemu-guest-agent"),
        text: `The guest agent is not in extras, and ${guest.init === "systemd" ? "no package manager is known here" : `a system ${guest.init === "unknown" ? "whose init is not known" : `with ${guest.init}`} can not install it at its first boot`}`,
        advice: `Put its package into ${place}, or install qemu-guest-agent in the VM`,
      }),
    );
    return;
  }
  await draft.write(AGENT_SCRIPT, { why: WHY, text: renderAgentScript(manager), mode: 0o755 });
  await draft.write(AGENT_UNIT, { why: WHY, text: renderAgentUnit() });
  await draft.link(AGENT_LINK, { target: AGENT_UNIT, why: WHY });
}

async function findManager(view: GuestView): Promise<PackageManager | null> {
  for (const manager of PACKAGE_MANAGERS) if ((await view.resolve(manager.program)) !== null) return manager;
  return null;
}
