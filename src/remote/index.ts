// SPDX-License-Identifier: Apache-2.0
// remote owns a command on another server that outlives its connection: the portable file there, the job and its keeper, and the
// terminal here.
export { serveFarEnd } from "./far-end.ts";
export { keepJob } from "./keeper.ts";
export { parseRequest } from "./messages.ts";
export { findPortable } from "./portable.ts";
export { FAR_END_WORD, KEEPER_WORD, runRemote } from "./run-remote.ts";
