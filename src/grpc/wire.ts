/** How messages are written (protobuf.dev/programming-guides/encoding), as far as we look at them ourselves. */

/** Bytes of fields whose length does not depend on what is in them, by their type. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 3: 0, 4: 0, 5: 4 };
const [VARINT, DELIMITED] = [0, 2];

/** One that is cut off ends behind the bytes. */
export function varintAt(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, shift = 1; ; at += 1, shift *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}

/** Whether there are more fields at the top of a message; what is cut off is for its decoder to tell. */
export function hasMoreFields(bytes: Buffer, max: number): boolean {
  for (let at = 0, fields = 1; at < bytes.length; fields += 1) {
    if (fields > max) return true;
    at = endOf(bytes, at);
  }
  return false;
}

function endOf(bytes: Buffer, start: number): number {
  const { value: tag, end } = varintAt(bytes, start);
  const type = tag % 8;
  if (type === VARINT) return varintAt(bytes, end).end;
  if (type !== DELIMITED) return end + (FIXED[type] ?? bytes.length);
  const { value: length, end: begin } = varintAt(bytes, end);
  return begin + length;
}
