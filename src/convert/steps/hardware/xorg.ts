// SPDX-License-Identifier: Apache-2.0
// xorg.conf with the driver of a graphics card that the VM does not have. X then shows nothing; a server's consoles still
// work. Only on request, since a person wrote that file.
import type { GuestView } from "../../../core/index.ts";
import { step } from "../step.ts";
import { mapLines, MAX_LINE } from "../../text/lines.ts";

const DRIVERS = ["/usr/lib64/xorg/modules/drivers", "/usr/lib/xorg/modules/drivers"];

export const xorg = step(
  {
    name: "xorg",
    explains: "On request: gives xorg.conf a driver that works with a VM's screen",
    optional: true,
  },
  async ({ view, draft }) => {
    const driver = await vmDriver(view);
    const names = await view.list("/etc/X11/xorg.conf.d");
    const paths = [
      "/etc/X11/xorg.conf",
      "/etc/X11/XF86Config",
      ...names.map((name) => `/etc/X11/xorg.conf.d/${name}`),
    ];
    if (driver !== null)
      for (const path of paths)
        await draft.edit(path, {
          why: "X would use the driver of a graphics card that the VM does not have",
          edit: (text) => withDriver(text, driver),
          severity: "notes",
        });
  },
);

/** modesetting works wherever the VM's kernel has a driver; before it there was vesa, which works on every card. */
async function vmDriver(view: GuestView): Promise<string | null> {
  for (const driver of ["modesetting", "vesa"])
    for (const directory of DRIVERS)
      if ((await view.resolve(`${directory}/${driver}_drv.so`)) !== null) return driver;
  return null;
}

const WORKS = /^(modesetting|vesa|fbdev|cirrus|qxl|vmware|dummy)$/i;

/** xorg.conf(5): Section "Device" has the driver, and BusID if there are several cards. Pure. */
export function withDriver(text: string, driver: string): string {
  let section = "";
  let replaced = false;
  return mapLines(text, (line) => {
    if (line.length > MAX_LINE) return line;
    const begun = /^[ \t]*Section[ \t]+"([^"]*)"/i.exec(line)?.[1];
    if (begun !== undefined) [section, replaced] = [begun.toLowerCase(), false];
    if (/^[ \t]*EndSection\b/i.test(line)) section = "";
    if (section !== "device") return line;
    const old = /^[ \t]*Driver[ \t]+"([^"]*)"/i.exec(line)?.[1];
    if (old !== undefined && !WORKS.test(old)) {
      replaced = true;
      return line.replace(/"[^"]*"/, `"${driver}"`);
    }
    return replaced && /^[ \t]*(BusID|VendorName|BoardName)[ \t]/i.test(line) ? `#${line}` : line;
  });
}
