// SPDX-License-Identifier: Apache-2.0
// A guest that boots by UEFI, in memory: its disk's third partition is the EFI system partition.
import type { TestContext } from "node:test";
import type { BlockGraph, GuestOS } from "../../../src/core/index.ts";
import { type MemoryFile, memoryView } from "../../../src/system/index.ts";
import { type FakeGuest, fakeGuest } from "./convert-guest.ts";
import { diskGraph, testGuestOS, testIntent } from "./sample-guest.ts";

const ESP_NODE = "disk:1/part:3/filesystem";

function espGraph(): BlockGraph {
  const { nodes, edges } = diskGraph();
  const node = { path: "disk.img", sizeBytes: 2 ** 26, sectorBytes: 512 };
  const type = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
  const part = { kind: "partition", number: 3, type, uuid: null, bootable: null } as const;
  const fat = { kind: "filesystem", type: "vfat", uuid: "C1F2-E3D4", label: null } as const;
  return {
    nodes: [...nodes, { ...node, id: "disk:1/part:3", holds: part }, { ...node, id: ESP_NODE, holds: fat }],
    edges: [
      ...edges,
      { from: "disk:1/part:3", to: "disk:1", map: null },
      { from: ESP_NODE, to: "disk:1/part:3", map: null },
    ],
  };
}

type Options = { readonly path?: string; readonly guest?: Partial<GuestOS>; readonly bios?: boolean };

export async function efiGuest(
  t: TestContext,
  files: Readonly<Record<string, MemoryFile>>,
  { path = "/boot/efi", guest = {}, bios = false }: Options = {},
): Promise<FakeGuest> {
  const mounts = [{ path, spec: "UUID=C1F2-E3D4", type: "vfat", options: "", node: ESP_NODE }];
  const storage = espGraph();
  const firmware = bios ? { kind: "bios" as const } : { kind: "uefi" as const, secureBoot: false };
  return await fakeGuest(t, {
    view: memoryView({ [`${path}/EFI`]: { directory: true }, ...files }),
    guest: testGuestOS({ mounts, ...guest }),
    intent: { ...testIntent({ storage }), firmware },
  });
}
