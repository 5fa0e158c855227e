// SPDX-License-Identifier: Apache-2.0
// definition.json in the VM's directory: what a migration defined on the host, so that it can be taken away again.
import * as z from "zod";
import { type Definition, type Host, isVmName } from "../../core/index.ts";

type Where = { readonly host: Host; readonly directory: string };

const FILE = "definition.json";

export async function writeDefinition({ host, directory }: Where, definition: Definition): Promise<void> {
  const text = `${JSON.stringify(definition, null, 2)}\n`;
  await host.writeFile(`${directory}/${FILE}`, Buffer.from(text), { mode: 0o600 });
}

const SCHEMA = z.object({
  format: z.literal("definition/1"),
  hypervisor: z.enum(["libvirt", "xen"]),
  uri: z.string().max(1000).nullable(),
  name: z.string().refine(isVmName),
  uuid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  // Nothing else is ever made outside the VM's directory, and nothing else is ever removed.
  files: z
    .array(
      z.object({ path: z.string().regex(/^\/etc\/xen\/[^/\n]{1,80}\.cfg$/), sha256: z.string().length(64) }),
    )
    .max(4),
  links: z
    .array(
      z.object({
        path: z.string().regex(/^\/etc\/xen\/auto\/[^/\n]{1,80}\.cfg$/),
        target: z.string().regex(/^\/etc\/xen\/[^/\n]{1,80}\.cfg$/),
      }),
    )
    .max(4),
});

/** What an earlier run defined; null where there is none, or it cannot be read. */
export async function readDefinition({ host, directory }: Where): Promise<Definition | null> {
  const bytes = await host.readFile(`${directory}/${FILE}`, { maxBytes: 65_536 }).catch(() => null);
  if (bytes === null) return null;
  try {
    return SCHEMA.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
