// SPDX-License-Identifier: Apache-2.0
// The packages in extras/ that are for a guest: where they lie, read one by one.
import { join } from "node:path";
import type { GuestOS } from "../../core/index.ts";
import { isErrno } from "../../system/index.ts";
import { directoriesFor, fits } from "./choose.ts";
import { type DriverPackage, readPackage } from "./package.ts";

/** As src/job reads it. */
export type Extras = {
  readonly directory: string;
  readonly packages: readonly {
    readonly distro: string;
    readonly version: string;
    readonly arch: string;
    readonly file: string;
  }[];
};

export const NO_EXTRAS: Extras = { directory: "/usr/lib/virt-p2v/extras", packages: [] };

/** A directory with more of them was not collected for one guest. */
const MAX_PACKAGES = 500;

type Fitting = {
  readonly packages: readonly DriverPackage[];
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
};

/** The most specific directory first. */
export async function readFitting(
  { directory, packages }: Extras,
  { guest, signal }: { guest: GuestOS; signal: AbortSignal },
): Promise<Fitting> {
  const places = directoriesFor(guest);
  const placeOf = ({ distro, version, arch }: Extras["packages"][number]): number =>
    places.indexOf(`${distro.toLowerCase()}/${version}/${arch}`);
  const own = packages.filter((file) => placeOf(file) !== -1).toSorted((a, b) => placeOf(a) - placeOf(b));
  const found: DriverPackage[] = [];
  const unreadable: { path: string; why: string }[] = [];
  for (const { distro, version, arch, file } of own.slice(0, MAX_PACKAGES)) {
    const path = join(directory, distro, version, arch, file);
    try {
      const read = await readPackage(path, { signal });
      if (fits(read, guest)) found.push(read);
      else
        unreadable.push({
          path,
          why: `it is for ${read.arch} (${read.kind}), and the guest is ${guest.arch}`,
        });
    } catch (error) {
      if (error instanceof RangeError) unreadable.push({ path, why: error.message });
      else if (isErrno(error, "ENOENT", "EACCES", "EISDIR")) unreadable.push({ path, why: error.message });
      else throw error;
    }
  }
  return { packages: found, unreadable };
}
