// SPDX-License-Identifier: Apache-2.0
// others reads the tools of single distributions, and knows programs that raise cards without being told of any.
import { dhcpcd } from "./dhcpcd.ts";
import { netifrc } from "./netifrc.ts";
import { slackware } from "./slackware.ts";

export { readAutomatic } from "./automatic.ts";

export const OTHER_SOURCES = [netifrc, slackware, dhcpcd] as const;
