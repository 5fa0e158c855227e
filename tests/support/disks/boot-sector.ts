// SPDX-License-Identifier: Apache-2.0
// A boot sector that writes to its disk, prints a text on the serial port and stops: the smallest guest there is.

/** 16-bit code at 0x7c00; the text follows it. At most 440 bytes of ASCII. */
export function bootSector(text: string): Buffer {
  const code = Buffer.from(
    [
      "31c0 8ed8 8ec0 fc", // xor ax,ax; mov ds,ax; mov es,ax; cld
      "b80103 b90200 ba8000 bb007c cd13", // int 13h: write one sector from 0x7c00 to sector 2 of the first disk
      "be307c", // mov si, text
      "ac 84c0 7410", // next: lodsb; test al,al; jz stop
      "50 bafd03 ec a820 74fb 58", // push ax; wait: in al,0x3fd; test al,0x20; jz wait; pop ax
      "baf803 ee ebeb", // out 0x3f8,al; jmp next
      "f4 ebfd", // stop: hlt; jmp stop
    ]
      .join("")
      .replaceAll(/[^0-9a-f]/g, ""),
    "hex",
  );
  if (code.length > 0x30 || text.length > 440) throw new RangeError("The boot sector is full");
  const sector = Buffer.alloc(512);
  code.copy(sector);
  sector.write(text, 0x30, "latin1");
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
