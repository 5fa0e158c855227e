// SPDX-License-Identifier: Apache-2.0
// The same disks again, by what is on them and in them: another kernel may give the names sda and sdb in another order. Pure.
import { type BlockGraph, makeProblem, type Problem } from "../../core/index.ts";

export type DiskMark = {
  /** On the server. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly serial: string | null;
  /** UUIDs of its partitions, sorted. */
  readonly partitions: readonly string[];
};

/** Of each disk of the graph, by its path. */
export function diskMarks(graph: BlockGraph): ReadonlyMap<string, DiskMark> {
  const marks = new Map<string, DiskMark>();
  for (const { id, path, sizeBytes, holds } of graph.nodes) {
    if (holds.kind !== "disk") continue;
    const above = new Set(graph.edges.filter(({ to }) => to === id).map(({ from }) => from));
    const partitions = graph.nodes.flatMap((node) =>
      above.has(node.id) && node.holds.kind === "partition" && node.holds.uuid !== null
        ? [node.holds.uuid]
        : [],
    );
    marks.set(path, { path, sizeBytes, serial: holds.serial, partitions: partitions.toSorted() });
  }
  return marks;
}

/** Stops where a disk is none that the live system would know again. */
export function judgeDisks(paths: readonly string[], graph: BlockGraph): readonly Problem[] {
  const marks = diskMarks(graph);
  return paths.flatMap((path) => {
    const mark = marks.get(path);
    const why =
      mark === undefined
        ? "is no whole disk of this server"
        : findDisk(mark, [...marks.values()]) === path
          ? null
          : "has neither a serial number nor partitions by which it could be told from another one of its size";
    if (why === null) return [];
    return [
      makeProblem("cutover-disk", {
        about: [],
        text: `${path} ${why}`,
        advice: "Name whole disks, as virt-p2v inspect shows them; others are migrated from the live CD",
      }),
    ];
  });
}

/** The path of the disk with this mark, among those that are here; null: none of them, or more than one. */
export function findDisk(mark: DiskMark, here: readonly DiskMark[]): string | null {
  const sized = here.filter(({ sizeBytes }) => sizeBytes === mark.sizeBytes);
  const alike = sized.filter(
    (one) =>
      (mark.serial === null || one.serial === null || one.serial === mark.serial) &&
      one.partitions.join() === mark.partitions.join(),
  );
  const known = mark.serial === null ? [] : alike.filter(({ serial }) => serial === mark.serial);
  const [found, ...more] = known.length > 0 ? known : alike;
  return found === undefined || more.length > 0 ? null : found.path;
}
