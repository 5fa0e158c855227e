// SPDX-License-Identifier: Apache-2.0
// What a finished migration's report.json tells of its VM. The file lies on a host, so nothing in it is believed unread.
import * as z from "zod";
import {
  type BlockGraph,
  type DriverPlace,
  type Host,
  isMac,
  isVmName,
  UserError,
  type VmModel,
  VOLUME_PATH,
} from "../../core/index.ts";
import type { XenGuest } from "../../plan/index.ts";

const MAX_BYTES = 64 * 2 ** 20;

export type PastReport = {
  readonly vm: VmModel;
  /** What decides how Xen boots it; null where no installed system was known. */
  readonly guest: XenGuest | null;
  readonly storage: BlockGraph;
  /** Of the machine that was migrated, as its firmware says; null: not known, as with disk images. */
  readonly machineUuid: string | null;
};

const text = z.string().max(4096);
const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

// Loose: what a later release adds to a disk belongs to its definition, and is kept.
const VM = z.looseObject({
  name: z.string().refine(isVmName),
  uuid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  memoryBytes: bytes,
  vcpus: z.number().int().min(1).max(4096),
  arch: z.string().regex(/^[A-Za-z0-9_]{1,20}$/),
  cpuLevel: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  firmware: z.union([
    z.object({ kind: z.literal("bios") }),
    z.object({ kind: z.literal("uefi"), secureBoot: z.boolean() }),
  ]),
  bootEntries: z
    .array(
      z.object({
        label: text,
        active: z.boolean(),
        partition: z.object({
          number: z.number().int().min(1).max(65_535),
          startBytes: bytes,
          sizeBytes: bytes,
          uuid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
        }),
        file: z.string().max(400),
      }),
    )
    .max(32)
    .optional(),
  machine: z.enum(["q35", "pc"]),
  virtio: z.literal("transitional").optional(),
  clock: z.enum(["utc", "local"]),
  osinfo: z
    .string()
    .regex(/^http:\/\/[A-Za-z0-9./_-]{1,200}$/)
    .nullable(),
  disks: z
    .array(
      z.looseObject({
        file: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/),
        format: z.enum(["raw", "qcow2"]),
        volume: z.string().regex(VOLUME_PATH).optional(),
        sizeBytes: bytes,
        bus: z.enum(["virtio", "sata", "ide"]),
        boot: z.boolean(),
        sectorBytes: z.union([z.literal(512), z.literal(4096)]),
      }),
    )
    .min(1)
    .max(256),
  nics: z
    .array(
      z.object({
        name: z.string().max(64),
        mac: z.string().refine(isMac),
        model: z.enum(["virtio", "e1000"]),
      }),
    )
    .max(256),
  xen: z.object({
    type: z.enum(["pv", "pvh", "hvm"]),
    loader: z.enum(["pygrub", "pvgrub", "firmware", "kernel"]),
  }),
});

const DRIVER_PLACE = z.enum(["builtin", "initramfs", "module", "absent"] satisfies DriverPlace[]);

const GUEST = z.object({
  family: text,
  id: text,
  version: text,
  root: text,
  mounts: z.array(z.object({ path: text, node: text.nullable() })).max(10_000),
  kernels: z
    .array(
      z.object({
        bootable: z.boolean(),
        has: z.record(text, DRIVER_PLACE),
        xen: z
          .array(z.enum(["pv", "pvh"]))
          .max(2)
          .optional(),
        xenOnly: z.literal(true).optional(),
      }),
    )
    .max(1000),
});

const REPORT = z.object({
  format: z.literal("report/1"),
  vm: VM,
  guest: GUEST.nullable(),
  machine: z.looseObject({
    dmi: z.looseObject({ value: z.looseObject({ uuid: text.nullable() }).optional() }),
  }),
  intent: z.object({
    storage: z.object({ nodes: z.array(z.looseObject({ id: text, holds: z.looseObject({ kind: text }) })) }),
  }),
});

/** UserError where there is none, or it is not what a migration writes. */
export async function readPastReport(host: Host, directory: string): Promise<PastReport> {
  const path = `${directory}/report.json`;
  const found = await host.readFile(path, { maxBytes: MAX_BYTES });
  if (found === null)
    throw new UserError("destination-missing", `There is no ${path} on ${host.title}`, {
      advice: "Give the directory of a finished migration with --to, and the name that it gave the VM",
    });
  try {
    const { vm, guest, intent, machine } = REPORT.parse(JSON.parse(Buffer.from(found).toString("utf8")));
    const { bootEntries, virtio, ...model } = vm;
    return {
      vm: {
        ...model,
        ...(bootEntries === undefined ? {} : { bootEntries }),
        ...(virtio === undefined ? {} : { virtio }),
      },
      guest: guest as XenGuest | null,
      storage: intent.storage as unknown as BlockGraph,
      machineUuid: machine.dmi.value?.uuid ?? null,
    };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new UserError(
      "destination-report-wrong",
      `${path} on ${host.title} is not a report of a migration`,
      {
        advice: "Somebody changed it, or another version of virt-p2v wrote it",
        cause: error,
      },
    );
  }
}
