// SPDX-License-Identifier: Apache-2.0
// Metadata of firmware RAIDs, written by their offsets and not by the structs that read them. `mdadm --examine` judges it
// (tests/block/inspect/firmware-raid.test.ts).

export type ImsmSpec = {
  readonly diskBytes: number;
  readonly generation?: number;
  readonly family?: number;
  readonly volumes: readonly {
    readonly name: string;
    readonly level: 0 | 1 | 5;
    readonly members: number;
    readonly startBytes?: number;
    readonly sizeBytes: number;
    /** 0 normal, 2 degraded. */
    readonly state?: number;
  }[];
  readonly disks?: number;
};

/** The last bytes of a disk: what does not fit into the anchor, the anchor, one more sector. */
export function imsmTail({ generation = 7, family = 0x1234abcd, ...spec }: ImsmSpec): Buffer {
  const disks = spec.disks ?? Math.max(...spec.volumes.map(({ members }) => members));
  const body = Buffer.alloc(16 * 512);
  body.write("Intel Raid ISM Cfg Sig. 1.2.02".padEnd(32, "\0"), "latin1");
  body.writeUInt32LE(family, 40);
  body.writeUInt32LE(generation, 44);
  body.writeUInt32LE(0x80000000, 52);
  body.writeUInt8(disks, 56);
  body.writeUInt8(spec.volumes.length, 57);
  body.writeUInt32LE(family, 64);
  let at = 0xd8;
  for (let disk = 0; disk < disks; disk += 1, at += 48) {
    body.write(`SERIAL${disk}`, at, "latin1");
    body.writeUInt32LE(spec.diskBytes / 512, at + 16);
    body.writeUInt32LE(disk << 16, at + 20);
    body.writeUInt32LE(2 | 8, at + 24); // configured, and in use
  }
  for (const { name, level, members, startBytes = 0, sizeBytes, state = 0 } of spec.volumes) {
    body.write(name, at, "latin1");
    body.writeUInt32LE(sizeBytes / 512, at + 16);
    const map = at + 112;
    body.writeUInt32LE(startBytes / 512, map);
    body.writeUInt32LE(sizeBytes / 512 / (level === 0 ? members : 1), map + 4);
    body.writeUInt32LE(sizeBytes / 512 / 256, map + 8);
    body.writeUInt16LE(128, map + 12);
    body.writeUInt8(state, map + 14);
    body.writeUInt8(level, map + 15);
    body.writeUInt8(members, map + 16);
    body.writeUInt8(level === 0 ? 1 : 2, map + 17);
    body.writeUInt8(0xff, map + 18);
    for (let member = 0; member < members; member += 1) body.writeUInt32LE(member, map + 48 + 4 * member);
    at = map + 48 + 4 * members;
  }
  const sectors = Math.ceil(at / 512);
  body.writeUInt32LE(at, 36);
  let sum = 0;
  for (let word = 0; word + 4 <= Math.ceil(at / 4) * 4; word += 4)
    sum = (sum + body.readUInt32LE(word)) >>> 0;
  body.writeUInt32LE(sum, 32);
  return Buffer.concat([body.subarray(512, sectors * 512), body.subarray(0, 512), Buffer.alloc(512)]);
}

export type DdfSpec = {
  readonly diskBytes: number;
  readonly level: number;
  readonly members: number;
  /** Which of the members this disk is. */
  readonly own: number;
  readonly name: string;
  readonly startSector?: number;
  readonly memberSectors: number;
  readonly sequence?: number;
};

/** As mdadm counts it: from 0, and not turned around at the end. */
const crc32 = (bytes: Uint8Array): number => {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return crc >>> 0;
};

/** Sections end with a sum over all of them, in which the sum itself counts as ff. */
function seal(section: Buffer): Buffer {
  section.fill(0xff, 4, 8);
  section.writeUInt32BE(crc32(section), 4);
  return section;
}

const GUID = (kind: string): Buffer => Buffer.from(`Linux-MD${kind}`.padEnd(24, "."), "latin1");

/** All of the metadata: primary header with its sections, and the anchor in the last sector. */
export function ddfTail(spec: DdfSpec): Buffer {
  const { level, members, own, name, startSector = 0, memberSectors, sequence = 3 } = spec;
  const MPPE = 16;
  const recordSectors = 1 + Math.ceil((MPPE * 12) / 512);
  const [controller, physical, virtual, config, data] = [1, 2, 4, 6, 6 + recordSectors * 2];
  const total = data + 1;
  const primary = spec.diskBytes / 512 - 1 - total;
  const header = (type: number): Buffer => {
    const bytes = Buffer.alloc(512, 0xff);
    bytes.writeUInt32BE(0xde11de11, 0);
    GUID("HEADER").copy(bytes, 8);
    bytes.write("01.02.00", 32, "latin1");
    bytes.writeUInt32BE(sequence, 40);
    bytes.writeUInt32BE(0, 44);
    bytes.writeUInt8(0, 48);
    bytes.writeBigUInt64BE(BigInt(primary), 96);
    bytes.writeUInt8(type, 112);
    bytes.writeUInt32BE(32_768, 116);
    bytes.writeUInt16BE(15, 128);
    bytes.writeUInt16BE(15, 130);
    bytes.writeUInt16BE(1, 132);
    bytes.writeUInt16BE(recordSectors, 134);
    bytes.writeUInt16BE(MPPE, 136);
    for (const [index, [at, sectors]] of [
      [controller, 1],
      [physical, 2],
      [virtual, 2],
      [config, recordSectors * 2],
      [data, 1],
    ].entries()) {
      bytes.writeUInt32BE(at ?? 0, 192 + 8 * index);
      bytes.writeUInt32BE(sectors ?? 0, 196 + 8 * index);
    }
    return seal(bytes);
  };
  const body = Buffer.alloc(total * 512, 0xff);
  header(1).copy(body, 0);
  const section = (at: number, sectors: number, magic: number): Buffer => {
    const bytes = body.subarray(at * 512, (at + sectors) * 512);
    bytes.writeUInt32BE(magic, 0);
    return bytes;
  };
  const controllers = section(controller, 1, 0xad111111);
  GUID("CONTROL").copy(controllers, 8);
  seal(controllers);
  const disks = section(physical, 2, 0x22222222);
  disks.writeUInt16BE(members, 8);
  disks.writeUInt16BE(15, 10);
  for (let disk = 0; disk < members && disk < 15; disk += 1) {
    const at = 64 + 64 * disk;
    GUID(`DISK${disk}`).copy(disks, at);
    disks.writeUInt32BE(100 + disk, at + 24);
    disks.writeUInt16BE(2, at + 28);
    disks.writeUInt16BE(1, at + 30);
    disks.writeBigUInt64BE(BigInt(primary), at + 32);
  }
  seal(disks);
  const volumes = section(virtual, 2, 0xdddddddd);
  volumes.writeUInt16BE(1, 8);
  volumes.writeUInt16BE(15, 10);
  GUID("VOLUME").copy(volumes, 64);
  volumes.writeUInt16BE(0, 64 + 24);
  volumes.writeUInt16BE(0, 64 + 30);
  volumes.writeUInt8(0, 64 + 32);
  volumes.writeUInt8(2, 64 + 33);
  volumes.write(name.padEnd(16), 64 + 48, "latin1");
  seal(volumes);
  const record = section(config, recordSectors, 0xeeeeeeee);
  GUID("VOLUME").copy(record, 8);
  record.writeUInt32BE(sequence, 36);
  record.writeUInt16BE(members, 64);
  record.writeUInt8(7, 66);
  record.writeUInt8(level, 67);
  record.writeUInt8(0, 68);
  record.writeUInt8(1, 69);
  record.writeUInt8(0, 70);
  record.writeBigUInt64BE(BigInt(memberSectors), 72);
  record.writeBigUInt64BE(BigInt(memberSectors * (level === 1 ? 1 : members)), 80);
  for (let member = 0; member < members; member += 1) {
    record.writeUInt32BE(100 + member, 512 + 4 * member);
    record.writeBigUInt64BE(BigInt(startSector), 512 + 4 * MPPE + 8 * member);
  }
  seal(record);
  const disk = section(data, 1, 0x33333333);
  GUID(`DISK${own}`).copy(disk, 8);
  disk.writeUInt32BE(100 + own, 32);
  seal(disk);
  return Buffer.concat([body, header(0)]);
}
