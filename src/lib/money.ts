/** Nano-USD in one US dollar. Money is integer nano-USD everywhere; text is only for the edges. */
const NANO_PER_USD = 1_000_000_000n;

const NANO_DIGITS = 9;
const CENT_DIGITS = 2;

/** Bounds the work per text: wider than any JavaScript number, far wider than any sum of money. */
const TEXT_LENGTH_MAX = 400;
const EXPONENT_MAX = 400;

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Nano-USD of a decimal amount in dollars, exact. A number counts as its shortest decimal text, so
 * 0.1 is ten cents. What is finer than a nano is rounded up, away from zero.
 * @throws RangeError naming the text if it is not one plain decimal number
 */
export function nanoFromUsd(text: string | number): bigint {
  const written = String(text);
  const parts = written.length <= TEXT_LENGTH_MAX ? DECIMAL.exec(written) : null;
  if (parts === null) throw notAnAmount(written);
  const [, sign, whole = '', fraction = '', exponentText = '0'] = parts;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > EXPONENT_MAX) throw notAnAmount(written);
  const nano = scaled(BigInt(whole + fraction), exponent - fraction.length + NANO_DIGITS);
  return sign === '-' ? -nano : nano;
}

/** Dollars as exact decimal text: at least two decimal places, no trailing zeros beyond them. */
export function usdFromNano(nano: bigint): string {
  const absolute = nano < 0n ? -nano : nano;
  const fraction = String(absolute % NANO_PER_USD).padStart(NANO_DIGITS, '0');
  let length = NANO_DIGITS;
  while (length > CENT_DIGITS && fraction[length - 1] === '0') length -= 1;
  return `${nano < 0n ? '-' : ''}${absolute / NANO_PER_USD}.${fraction.slice(0, length)}`;
}

function scaled(digits: bigint, powerOfTen: number): bigint {
  if (powerOfTen >= 0) return digits * 10n ** BigInt(powerOfTen);
  const divisor = 10n ** BigInt(-powerOfTen);
  return (digits + divisor - 1n) / divisor;
}

function notAnAmount(text: string): RangeError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new RangeError(`not an amount of money: ${JSON.stringify(shown)}`);
}
