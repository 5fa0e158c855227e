// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../system/index.ts";
import { SAMPLE_VM } from "../../../lab/samples/vm.ts";
import { acceleratorsFor, fitToHost, parseSurvey, SURVEY } from "./host.ts";

const survey = { cpus: 4, availableBytes: null, kvmOpens: true, kvmWorks: null, kvmFile: null };

test("the survey runs in each shell, and is understood", async () => {
  for (const shell of [["dash"], ["bash"], ["busybox", "sh"]]) {
    const found = parseSurvey((await run([...shell, "-c", SURVEY])).stdout);
    assert.ok(found.cpus >= 1);
    assert.ok((found.availableBytes ?? 0) > 2 ** 20);
    assert.match(found.kvmFile ?? "", /\/virt-p2v\/kvm-works-[0-9a-f-]{36}$/);
  }
});

test("parseSurvey() takes nothing for granted", () => {
  assert.deepEqual(parseSurvey(""), { ...survey, cpus: 1, kvmOpens: false });
  assert.deepEqual(parseSurvey("cpus=x\navailable=\nfile=../../etc/kvm-works-1\nworks=maybe\n"), {
    ...survey,
    cpus: 1,
    kvmOpens: false,
  });
});

test("acceleratorsFor() tries KVM unless it is known to fail, and always has another", () => {
  assert.deepEqual(acceleratorsFor({ kvmOpens: true, kvmWorks: null }), ["kvm", "tcg"]);
  assert.deepEqual(acceleratorsFor({ kvmOpens: true, kvmWorks: true }), ["kvm", "tcg"]);
  assert.deepEqual(acceleratorsFor({ kvmOpens: true, kvmWorks: false }), ["tcg"]);
  assert.deepEqual(acceleratorsFor({ kvmOpens: false, kvmWorks: true }), ["tcg"]);
});

test("fitToHost() takes no more than the host has free", () => {
  const vm = { ...SAMPLE_VM, memoryBytes: 64 * 2 ** 30, vcpus: 32 };
  assert.deepEqual(fitToHost(vm, { ...survey, availableBytes: 10 * 2 ** 30 }), {
    memoryBytes: 7 * 2 ** 30,
    vcpus: 4,
  });
  assert.deepEqual(fitToHost(vm, survey), { memoryBytes: vm.memoryBytes, vcpus: 4 });
  assert.equal(fitToHost(vm, { ...survey, availableBytes: 0 }).memoryBytes, 256 * 2 ** 20);
});
