const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Up to here a loop is cheaper than a native search. */
const SHORT_STRING_BYTES = 32;

const MESSAGES = {
  depth: 'JSON is nested too deeply',
  members: 'JSON has too many members',
  not_object: 'JSON text is not an object',
};

export type JsonScanReason = keyof typeof MESSAGES;

/** Why a body was refused by the scan, the reason for programs, the message for people. */
export class JsonScanError extends Error {
  override readonly name = 'JsonScanError';
  readonly reason: JsonScanReason;

  constructor(reason: JsonScanReason) {
    super(MESSAGES[reason]);
    this.reason = reason;
  }
}

/** What a text may have at most; the root has depth 1, members count on all levels together. */
export interface JsonLimits {
  readonly depthMax: number;
  readonly membersMax: number;
}

/** One member of the root object; all offsets are in bytes, the ends exclusive. */
export interface TopLevelMember {
  /** Decoded: `mod\u0065l` is `model`. */
  readonly key: string;
  /** The opening quote of the key. */
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface TopLevel {
  /** In the order of the text, repeated keys included. */
  readonly members: readonly TopLevelMember[];
  /** Keys that occur more than once, each named once: readers disagree on which one counts. */
  readonly duplicates: readonly string[];
  /** Just after the opening brace of the root. */
  readonly bodyStart: number;
}

/**
 * Where the members of the root object are, in one pass over the bytes.
 *
 * Safe on any bytes and before `JSON.parse`: linear, no recursion. Text that is not JSON gives some
 * members, but is read at least as far as a parser reads before it fails, so the parser never meets
 * more depth or members than allowed here. Both are what makes a parser slow: a million members
 * take it a second, a million array elements a fiftieth of that.
 * @throws JsonScanError `depth` or `members` beyond the limit, `not_object` if the text does not
 * begin with `{`
 */
export function scanTopLevel(bytes: Buffer, limits: JsonLimits): TopLevel {
  const budget = { depthMax: limits.depthMax, membersLeft: limits.membersMax };
  const bodyStart = afterBlanks(bytes, 0) + 1;
  if (bytes[bodyStart - 1] !== OPEN_BRACE) throw new JsonScanError('not_object');
  const members: TopLevelMember[] = [];
  for (let at = bodyStart; at < bytes.length; at += 1) {
    const keyStart = afterBlanks(bytes, at);
    if (bytes[keyStart] !== QUOTE) break;
    const keyEnd = stringEnd(bytes, keyStart);
    const colon = afterBlanks(bytes, keyEnd);
    if (bytes[colon] !== COLON) break;
    takeMember(budget);
    const valueStart = afterBlanks(bytes, colon + 1);
    const valueEnd = endOfValue(bytes, valueStart, budget);
    members.push({ key: decodedKey(bytes, keyStart, keyEnd), keyStart, valueStart, valueEnd });
    at = afterBlanks(bytes, valueEnd);
    if (bytes[at] !== COMMA) break;
  }
  return { members, duplicates: duplicateKeys(members), bodyStart };
}

/**
 * The same text with members changed: an existing key gets the new value at its place (at every
 * place, if it is repeated), a missing one comes first. All other bytes stay as they are.
 * @param changes key to JSON text
 */
export function patchTopLevel(
  bytes: Buffer,
  top: TopLevel,
  changes: Readonly<Record<string, string>>,
): Buffer {
  const pieces = [bytes.subarray(0, top.bodyStart)];
  const missing = new Set(Object.keys(changes));
  const replaced = top.members.filter((member) => missing.has(member.key));
  for (const { key } of replaced) missing.delete(key);

  const added = Array.from(missing, (key) => `${JSON.stringify(key)}:${changes[key]}`).join();
  if (added !== '') {
    pieces.push(Buffer.from(top.members.length === 0 ? added : `${added},`, 'utf8'));
  }
  let kept = top.bodyStart;
  for (const { key, valueStart, valueEnd } of replaced) {
    pieces.push(bytes.subarray(kept, valueStart), Buffer.from(changes[key] ?? '', 'utf8'));
    kept = valueEnd;
  }
  pieces.push(bytes.subarray(kept));
  return Buffer.concat(pieces);
}

function afterBlanks(bytes: Buffer, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** Just after the closing quote of the string that opens at `start`; the end if it never closes. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length) {
    const shortEnd = Math.min(at + SHORT_STRING_BYTES, bytes.length);
    for (; at < shortEnd; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) at += 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return bytes.length;
    // The opening quote, at the latest, ends the count.
    let backslashes = 0;
    while (bytes[quote - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
  return bytes.length;
}

/** What of the limits is left while a text is scanned. */
interface Budget {
  readonly depthMax: number;
  membersLeft: number;
}

function takeMember(budget: Budget): void {
  budget.membersLeft -= 1;
  if (budget.membersLeft < 0) throw new JsonScanError('members');
}

function endOfValue(bytes: Buffer, start: number, budget: Budget): number {
  const first = bytes[start];
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nestedEnd(bytes, start, budget);
  let at = start;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) break;
  }
  return at;
}

/**
 * Counts brackets of both kinds together, and a member for each colon: that they are in the right
 * places is for the parser to judge.
 */
function nestedEnd(bytes: Buffer, start: number, budget: Budget): number {
  let depth = 1;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at) - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > budget.depthMax) throw new JsonScanError('depth');
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 1) return at + 1;
    } else if (byte === COLON) {
      takeMember(budget);
    }
  }
  return bytes.length;
}

function decodedKey(bytes: Buffer, keyStart: number, keyEnd: number): string {
  const text = bytes.toString('utf8', keyStart + 1, keyEnd - 1);
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    // Not JSON, so the parser will refuse the body whatever this key is called.
    return text;
  }
}

function duplicateKeys(members: readonly TopLevelMember[]): readonly string[] {
  const keys = new Set<string>();
  for (const { key } of members) keys.add(key);
  if (keys.size === members.length) return [];
  const repeated = new Set<string>();
  for (const { key } of members) {
    if (!keys.delete(key)) repeated.add(key);
  }
  return [...repeated];
}
