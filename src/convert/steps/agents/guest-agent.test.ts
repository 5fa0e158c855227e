// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fakeGuest, propose, textAfter } from "../../../../tests/support/guests/convert-guest.ts";
import { DEMO_FILES, testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { run } from "../../../system/index.ts";
import { PACKAGE_MANAGERS, renderAgentScript } from "./guest-agent-unit.ts";
import { temporary } from "../../../../tests/support/temporary.ts";

const intent = { ...testIntent(), withSteps: ["guest-agent"] };

test("the guest agent is for who asks: a unit of the VM installs it, and nothing twice", async (t) => {
  const files = {
    ...DEMO_FILES,
    "/usr/bin/apt-get": "",
    "/etc/systemd/system/multi-user.target.wants/x": "",
  };
  const paths = async (more: Parameters<typeof fakeGuest>[1]): Promise<readonly string[]> => {
    const { changes, problems } = await propose(await fakeGuest(t, { files, intent, ...more }));
    const own = changes.filter(({ step }) => step === "guest-agent").map(({ path }) => path);
    return [...own, ...problems.map(({ code }) => code)];
  };
  const link = "/etc/systemd/system/multi-user.target.wants/p2v-guest-agent.service";
  const unit = ["/usr/local/sbin/p2v-guest-agent", "/etc/systemd/system/p2v-guest-agent.service", link];
  assert.deepEqual(await paths({}), unit);
  assert.deepEqual(await paths({ intent: testIntent() }), []);
  assert.deepEqual(await paths({ files: { ...files, "/usr/sbin/qemu-ga": "" } }), []);
  assert.deepEqual(await paths({ guest: testGuestOS({ init: "sysv" }) }), ["guest-agent-not-installed"]);
  assert.deepEqual(await paths({ files: DEMO_FILES }), ["guest-agent-not-installed"]);
  const guest = await fakeGuest(t, { files, intent });
  const { changes } = await propose(guest);
  assert.match(
    await textAfter(changes, unit[0] ?? "", guest.blobs),
    /apt-get -y .* install qemu-guest-agent/,
  );
  assert.doesNotMatch(await textAfter(changes, unit[1] ?? "", guest.blobs), /network-online/); // it may fail, and be waited for
});

test("the first boot's script: quiet without a repository, five times, then gone; and gone when the agent is there", async (t) => {
  const directory = await temporary(t);
  const bin = join(directory, "bin");
  for (const path of ["bin", "var/lib", "etc/systemd/system/multi-user.target.wants", "usr/local/sbin"])
    await mkdir(join(directory, path), { recursive: true });
  const program = async (name: string, text: string): Promise<void> =>
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  await program("sleep", "exit 0");
  await program("systemctl", `echo "$*" >> ${directory}/log`);
  const [apt] = PACKAGE_MANAGERS.filter(({ program: path }) => path.endsWith("apt-get"));
  assert.ok(apt !== undefined);
  const text = renderAgentScript(apt).replaceAll(/(?<= )\/(?=var|etc|usr)/g, `${directory}/`);
  const script = join(directory, "usr/local/sbin/p2v-guest-agent");
  const boot = async (): Promise<string> => {
    const { stdout, stderr } = await run(["sh", "-c", `PATH=${bin}:/usr/bin:/bin; . ${script}`]);
    return `${stdout}${stderr}`;
  };
  const isThere = async (): Promise<boolean> =>
    (await run(["test", "-e", script], { allowCodes: [1] })).code === 0;

  await program("apt-get", "echo no network >&2; exit 100");
  await writeFile(script, text);
  for (let count = 1; count <= 5; count += 1) {
    assert.equal(await boot(), "");
    assert.equal(await isThere(), count < 5);
  }
  await writeFile(script, text);
  await program("apt-get", `printf '#!/bin/sh\\n' > ${bin}/qemu-ga; chmod 755 ${bin}/qemu-ga`);
  assert.equal(await boot(), "");
  assert.equal(await isThere(), false);
  const { stdout } = await run(["cat", join(directory, "log")]);
  assert.equal(stdout, "enable qemu-guest-agent.service\nstart --no-block qemu-guest-agent.service\n");
});
