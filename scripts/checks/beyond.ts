// SPDX-License-Identifier: Apache-2.0
// What `watched.ts` notes and `reporter.ts` hands on, in a process of test files.

/** Test files, and modules that did it while they were loaded: all that imports these has seen what they saw. */
export const beyond = new Set<string>();
