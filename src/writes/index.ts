// SPDX-License-Identifier: Apache-2.0
// writes owns the kernel's account of what is written to the disks of a running system, and how far it is to be trusted.
export { judgeArrived, type KnownWrites } from "./arrived.ts";
export { findChanged } from "./changed.ts";
export { readIdentity } from "./identity.ts";
export {
  MAX_RECORD_BYTES,
  parseRecord,
  type RecordedDisk,
  renderRecord,
  type WritesRecord,
} from "./record.ts";
export {
  endRecording,
  instanceSettings,
  type Recorder,
  recordingName,
  resumeRecorder,
  settle,
  startRecorder,
} from "./recorder.ts";
export { findTraceable, type Traceable } from "./traceable.ts";
export type { Unclear } from "./unclear.ts";
