// SPDX-License-Identifier: Apache-2.0
// A step that disables services for hardware that a VM does not have.
import { type AboutStep, type ConversionStep, step } from "../step.ts";
import { disableServices } from "./services.ts";

export type HardwareService = AboutStep & {
  readonly why: string;
  /** Names of services, of all distributions. */
  readonly services: RegExp;
};

export function hardwareService({ why, services, ...about }: HardwareService): ConversionStep {
  return step(about, async ({ view, draft }) => {
    await disableServices(draft, view, { wanted: (service) => services.test(service), why });
  });
}
