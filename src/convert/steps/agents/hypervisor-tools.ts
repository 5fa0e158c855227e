// SPDX-License-Identifier: Apache-2.0
// Guest tools of VMware, VirtualBox, Xen and Citrix, Parallels, Hyper-V: for a system that was a VM before. They are
// disabled, not removed (a package's own scripts would run), and only on request.
import { step } from "../step.ts";
import { disableServices } from "../hardware/services.ts";

const VMWARE = "vmware-tools|vmware-tools-thinprint|open-vm-tools|vmtoolsd|vgauthd|vgauth";
const VIRTUALBOX =
  "vboxadd|vboxadd-service|vboxadd-x11|vboxservice|virtualbox-guest-utils|virtualbox-guest-x11";
const XEN = "xe-linux-distribution|xe-daemon";
const OTHERS =
  "prltoolsd|prltools|hv-kvp-daemon|hv-vss-daemon|hv-fcopy-daemon|hypervkvpd|hypervvssd|hypervfcopyd";

export const hypervisorTools = step(
  {
    name: "hypervisor-tools",
    explains: "On request: disables the guest tools of VMware, VirtualBox, Citrix and others",
    optional: true,
  },
  async ({ intent, view, draft }) => {
    const names =
      intent.hypervisor === "xen" ? [VMWARE, VIRTUALBOX, OTHERS] : [VMWARE, VIRTUALBOX, XEN, OTHERS];
    const services = new RegExp(`^(${names.join("|")})$`);
    await disableServices(draft, view, {
      wanted: (service) => services.test(service),
      why: "These tools are for another hypervisor",
    });
  },
);
