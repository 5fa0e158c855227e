// SPDX-License-Identifier: Apache-2.0
// A step that takes services out of the boot whose hardware a VM does not have: what such steps have in common.
import type { ConversionStep } from "../../../core/index.ts";
import { Draft } from "../draft.ts";
import { disableServices } from "./services.ts";

export type HardwareService = {
  readonly name: string;
  readonly explains: string;
  readonly why: string;
  /** Names of services, of all distributions. */
  readonly services: RegExp;
  readonly optional?: true;
};

export function hardwareService({ name, explains, why, services, ...rest }: HardwareService): ConversionStep {
  return {
    name,
    explains,
    ...rest,
    async propose(context) {
      const draft = new Draft(name, context);
      await disableServices(draft, context.view, { wanted: (service) => services.test(service), why });
      return draft.proposal();
    },
  };
}
