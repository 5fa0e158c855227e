// SPDX-License-Identifier: Apache-2.0
// Archives of tar (ustar) made by hand, byte by byte, independent of the reader; a size may be a lie.

export type TarMember = { name: string; type?: string; content?: string; link?: string; size?: string };

export function tarOf(...members: readonly TarMember[]): Buffer {
  const blocks = members.map(({ name, type = "0", content = "", link = "", size }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, "latin1");
    header.write("0000644\0", 100);
    header.write(size ?? `${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(link, 157, 100, "latin1");
    header.write("ustar\0", 257, "latin1");
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
