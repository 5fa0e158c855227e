// SPDX-License-Identifier: Apache-2.0
// Whether this server can be replaced by the live system in memory: all that stands in the way, at once. Pure.
import { formatBytes, makeProblem, type Problem, type ProblemCode } from "../../../core/index.ts";
import type { CutoverFacts } from "./facts.ts";

const GIB = 2 ** 30;
/** Booted without a medium: the initramfs, what is unpacked of it, and room for the overlay (livecd/initramfs/init). */
const LEAST_TOTAL_BYTES = 1_900_000 * 1024;

/** For a moment it is there three times: as a file, in kexec's memory, and in the kernel's. */
export const TIMES_THERE = 3;

export const neededBytes = (liveBytes: number): number => Math.max(liveBytes + GIB, TIMES_THERE * liveBytes);

/** The way that is always open, and nothing of the passes made is lost. */
const BY_CD =
  "boot it from the live CD, a stick or over the network instead, and migrate to the same place and name";

const stop = (code: ProblemCode, text: string, advice: string): Problem =>
  makeProblem(code, { about: [], severity: "stops", text, advice });

export function judgeCutover(facts: CutoverFacts): readonly Problem[] {
  return [
    ...judgePlace(facts),
    ...judgeKernel(facts),
    ...judgeWay(facts),
    ...judgeLive(facts),
    ...judgeNetwork(facts),
  ];
}

function judgePlace({ arch, isContainer }: CutoverFacts): readonly Problem[] {
  const problems: Problem[] = [];
  if (arch !== "x86_64")
    problems.push(
      stop(
        "cutover-arch",
        `This server is ${arch}, and the live system is for x86_64`,
        "Nothing replaces it: the VM would be of another kind too",
      ),
    );
  if (isContainer)
    problems.push(
      stop(
        "cutover-container",
        "This is a container, which has no kernel of its own",
        "Run it on the server itself",
      ),
    );
  return problems;
}

function judgeKernel({ kernel }: CutoverFacts): readonly Problem[] {
  const { release, hasKexec, isDisabled, lockdown, secureBoot } = kernel;
  const problems: Problem[] = [];
  if (hasKexec === false)
    problems.push(
      stop(
        "kexec-not-built",
        `The kernel ${release} cannot start another one (CONFIG_KEXEC is not set)`,
        `Start another kernel of the distribution, or ${BY_CD}`,
      ),
    );
  if (hasKexec === null)
    problems.push(
      makeProblem("kexec-not-told", {
        about: [],
        text: `Nothing tells whether the kernel ${release} can start another one (no /boot/config-${release}, no /proc/config.gz)`,
        advice: "It is tried before anything is stopped; should it refuse, nothing has happened",
      }),
    );
  if (isDisabled)
    problems.push(
      stop(
        "kexec-disabled",
        "kernel.kexec_load_disabled is 1, and stays so until the next boot",
        `Take it out of /etc/sysctl.d and restart once, or ${BY_CD}`,
      ),
    );
  if (lockdown !== null || secureBoot) {
    const why = secureBoot ? "Secure Boot is on" : `the kernel is locked down (${lockdown})`;
    problems.push(
      stop(
        "kexec-locked",
        `This server starts no kernel that its firmware did not see: ${why}`,
        `For such a server, ${BY_CD}`,
      ),
    );
  }
  return problems;
}

/** How it is shut down into the other kernel. */
function judgeWay({ init, kexec }: CutoverFacts): readonly Problem[] {
  const install =
    "Install kexec-tools (Debian, Ubuntu, RHEL, SUSE), or run the portable file, which brings it along";
  if (kexec === null)
    return [stop("kexec-program-missing", "There is no program kexec, which loads the live system", install)];
  switch (init.kind) {
    case "systemd":
      return kexec.isInstalled || init.jumpsAlone
        ? []
        : [
            stop(
              "kexec-program-missing",
              "The systemd of this server needs a program kexec of its own for the last step",
              "Install kexec-tools",
            ),
          ];
    case "sysv":
      return init.jumps
        ? []
        : [
            stop(
              "cutover-init",
              "At a reboot, nothing in this server's /etc/rc6.d starts the kernel that was loaded",
              `Install kexec-tools, whose script does; or ${BY_CD}`,
            ),
          ];
    case "other":
      return [
        stop(
          "cutover-init",
          `How ${init.name} is shut down into another kernel is not known`,
          `For this server, ${BY_CD}`,
        ),
      ];
  }
}

function judgeLive({ memory, live, version }: CutoverFacts): readonly Problem[] {
  const problems: Problem[] = [];
  if (live.version !== version)
    problems.push(
      stop(
        "live-parts-version",
        live.version === null
          ? `The live system does not say of which version it is, and this program is ${version}`
          : `The live system is of version ${live.version}, and this program is ${version}`,
        "Give the image of this version; virt-p2v iso attach puts a newer program onto an image",
      ),
    );
  const needed = neededBytes(live.sizeBytes);
  if (memory.availableBytes < needed)
    problems.push(
      stop(
        "cutover-memory",
        `The live system needs ${formatBytes(needed)} of memory beside what runs, and ${formatBytes(memory.availableBytes)} are free`,
        `Stop what the server can do without for these minutes, or ${BY_CD}`,
      ),
    );
  if (memory.totalBytes < LEAST_TOTAL_BYTES)
    problems.push(
      stop(
        "cutover-memory",
        `Without a medium the live system needs 2 GiB of memory, and this server has ${formatBytes(memory.totalBytes)}`,
        `For this server, ${BY_CD}`,
      ),
    );
  return problems;
}

function judgeNetwork({ network }: CutoverFacts): readonly Problem[] {
  if (network === null)
    return [
      stop(
        "cutover-to-wrong",
        "The destination is a directory of this server, which the live system does not have",
        "Give --to ssh://[user@]host/path",
      ),
    ];
  const problems: Problem[] = [];
  if (network.blocked !== null)
    problems.push(
      stop(
        "cutover-network",
        `The live system would not reach the destination as this server does: ${network.blocked}`,
        `For this server, ${BY_CD}: its wizard sets up a network by hand`,
      ),
    );
  const beside = network.left.filter(({ why }) => why !== network.blocked);
  if (beside.length > 0)
    problems.push(
      makeProblem("cutover-network-part", {
        about: [],
        text: `The live system does without these addresses of the server: ${beside.map(({ name, why }) => `${name} (${why})`).join("; ")}`,
        advice: "Nothing needs them on the way to the destination",
      }),
    );
  return problems;
}
