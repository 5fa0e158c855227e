// SPDX-License-Identifier: Apache-2.0
// Words on systems that are made of images: what is not done to them, and what a person does instead. Pure.
import { type GuestOS, makeProblem, named, type Problem } from "../../core/index.ts";
import type { Layout } from "../../inspect/index.ts";

/** Several file systems of one system (ostree's /boot and root) are reported once. */
export function byImages(layouts: readonly Layout[]): readonly Problem[] {
  const [first] = layouts;
  if (first === undefined) return [];
  const { kind } = first;
  const title = layouts.find((layout) => layout.title !== null)?.title ?? "A system";
  const words = [...new Set(layouts.flatMap(({ hardware }) => hardware))];
  if (kind === "ubuntu-core")
    return [
      makeProblem("system-by-image", {
        about: [],
        text: `${title} is made of snaps: it is copied as it is, and nothing in it is changed`,
        advice:
          "Its kernel snap decides which drivers there are, and a disk that is sealed by this machine's TPM does not open in the VM",
      }),
    ];
  const names =
    words.length === 0 ? "" : `; its boot entries name this hardware: ${words.slice(0, 5).join(" ")}`;
  return [
    makeProblem("system-by-image", {
      about: named("device", ...words.map((word) => word.slice(word.indexOf("=") + 1))),
      text: `${title} is made of images (ostree): it is copied as it is, and no deployment is changed${names}`,
      advice:
        words.length === 0
          ? "Most of these start in a VM as they are; look at names of disks and network cards in its /etc afterwards"
          : "Before, on the machine, name them by UUID: rpm-ostree kargs --replace=KEY=OLD=NEW (ostree admin kargs edit-in-place elsewhere)",
    }),
  ];
}

export function readOnlyRoot({ title }: Pick<GuestOS, "title">): Problem {
  return makeProblem("system-read-only", {
    about: [],
    text: `The root of ${title} is a read-only snapshot, which transactional-update alone changes`,
    advice:
      "Copy it with --as-is: names by UUID and an initramfs with virtio (transactional-update initrd) are yours to make on the machine before",
  });
}
