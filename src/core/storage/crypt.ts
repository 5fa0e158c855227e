// SPDX-License-Identifier: Apache-2.0
// Opened LUKS volumes: how they are encrypted, and their keys, which no printer shows.
import type { NodeId } from "../machine.ts";
import type { Range } from "../bytes/range.ts";
import type { Secret } from "../secrets/secret.ts";

/** A passphrase or key file that the user gave. */
export type LuksKey = {
  /** The one volume it is for; null: any. */
  readonly uuid: string | null;
  readonly secret: Secret;
  /** Where it came from, for messages: a path. */
  readonly title: string;
};

export type CryptFormat = {
  readonly version: 1 | 2;
  /** As in a dm-crypt table and in crypttab: `aes-xts-plain64`. */
  readonly cipher: string;
  /** Each is encrypted by itself; its number counts 512 bytes whatever its size is (dm-crypt without `iv_large_sectors`). */
  readonly sectorBytes: number;
  /** Where the encrypted bytes lie in the LUKS volume. */
  readonly payload: Range;
};

/** A LUKS volume whose volume key is known. */
export type OpenedCrypt = {
  /** The node that holds `crypt`. */
  readonly node: NodeId;
  /** The node that holds `luks`, below it. */
  readonly below: NodeId;
  readonly format: CryptFormat;
  /** The volume key, not what a person types. */
  readonly volumeKey: Secret;
  /** What opened it, where that can be typed at a console: printable ASCII. */
  readonly passphrase: Secret | null;
};
