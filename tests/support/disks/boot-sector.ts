// SPDX-License-Identifier: Apache-2.0
// A boot sector that writes to its disk, prints a text on the serial port and stops: the smallest guest there is.

/**
 * 16-bit code at 0x7c00; the text follows it. At most 424 bytes of ASCII. It prints only when the clock has ticked: until then SeaBIOS
 * may hold back the end of its own "Booting from Hard Disk...", and would put it into the middle of the text (sercon.c).
 */
export function bootSector(text: string): Buffer {
  const code = Buffer.from(
    [
      "31c0 8ed8 8ec0 fc", // xor ax,ax; mov ds,ax; mov es,ax; cld
      "b80103 b90200 ba8000 bb007c cd13", // int 13h: write one sector from 0x7c00 to sector 2 of the first disk
      "fb 8b1e6c04", // sti; mov bx, [0x46c], the BIOS's count of ticks
      "f4 a16c04 29d8 83f804 72f5", // tick: hlt; mov ax,[0x46c]; sub ax,bx; cmp ax,4; jb tick
      "be407c", // mov si, text
      "ac 84c0 7410", // next: lodsb; test al,al; jz stop
      "50 bafd03 ec a820 74fb 58", // push ax; wait: in al,0x3fd; test al,0x20; jz wait; pop ax
      "baf803 ee ebeb", // out 0x3f8,al; jmp next
      "f4 ebfd", // stop: hlt; jmp stop
    ]
      .join("")
      .replaceAll(/[^0-9a-f]/g, ""),
    "hex",
  );
  if (code.length > 0x40 || text.length > 424) throw new RangeError("The boot sector is full");
  const sector = Buffer.alloc(512);
  code.copy(sector);
  sector.write(text, 0x40, "latin1");
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
