// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import { readAnswers } from "./answer-source.ts";
import { mayHeal } from "./live/live.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const { signal } = new AbortController();

test("answers come from the image, or from where p2v.config says", async (t) => {
  const directory = await temporary(t);
  const onImage = join(directory, "image.yaml");
  assert.equal((await readAnswers(null, { signal, onImage })).size, 0);
  await writeFile(onImage, "defaults: {name: image}\n");
  await writeFile(join(directory, "other.yaml"), "defaults: {name: other}\n");
  const name = async (config: string | null) =>
    (await readAnswers(config, { signal, onImage })).get("name")?.[0];
  assert.equal(await name(null), "image");
  assert.equal(await name(join(directory, "other.yaml")), "other");
  await writeFile(join(directory, "long.yaml"), "#".repeat(2 ** 20 + 1));
  await assert.rejects(name(join(directory, "long.yaml")), (error) => {
    return error instanceof UserError && error.code === "answers-too-long";
  });
  await assert.rejects(name(join(directory, "none.yaml")), (error) => {
    return error instanceof UserError && error.code === "answers-missing" && !mayHeal(error);
  });
});

test("an address that does not answer may heal; a file that is wrong does not", async (t) => {
  const bodies = new Map([
    ["/good", "defaults: {name: web}\n"],
    ["/wrong", "defaults: {nmae: web}\n"],
    ["/long", "#".repeat(2 ** 20 + 1)],
  ]);
  const server = createServer((request, response) => {
    const body = bodies.get(request.url ?? "");
    response.writeHead(body === undefined ? 503 : 200).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const read = (path: string) => readAnswers(`http://127.0.0.1:${address.port}${path}`, { signal });
  assert.deepEqual((await read("/good")).get("name"), ["web"]);
  const fails = (heals: boolean, words: RegExp) => (error: unknown) =>
    error instanceof UserError && mayHeal(error) === heals && words.test(error.message);
  await assert.rejects(read("/away"), fails(true, /503/));
  await assert.rejects(read("/long"), fails(true, /longer than 1 MiB/));
  await assert.rejects(read("/wrong"), fails(false, /line 1: there is no setting "nmae"/));
});
