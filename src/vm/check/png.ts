// SPDX-License-Identifier: Apache-2.0
// PNG from PPM, for QEMU before 7.1 or without libpng, whose screen dumps are PPM only. Pure.
import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const MAX_SIDE = 8192;

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length > 8 && SIGNATURE.equals(bytes.subarray(0, 8));
}

export type Picture = { readonly width: number; readonly height: number; readonly rgb: Uint8Array };

/** Binary PPM (P6) with 8 bits per colour, as QEMU writes it (netpbm's ppm(5)). RangeError for anything else. */
export function parsePpm(bytes: Uint8Array): Picture {
  const head = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const match = /^P6\s+(?:#[^\n]*\n\s*)*(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(head);
  const width = Number(match?.[1] ?? 0);
  const height = Number(match?.[2] ?? 0);
  const start = match?.[0].length ?? 0;
  const rgb = bytes.subarray(start, start + width * height * 3);
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE || rgb.length < width * height * 3)
    throw new RangeError("No PPM picture");
  return { width, height, rgb };
}

/** RFC 2083: 8-bit RGB, no filter. */
export function renderPng({ width, height, rgb }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1)
    rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (1 + width * 3) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
