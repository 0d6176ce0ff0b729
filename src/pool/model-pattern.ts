/**
 * A model's name, or with `*` (any text, also none) many of them. A name without `*` is matched as it
 * is, one with `*` in any case. Linear in the name's length, which clients choose.
 */
export class ModelPattern {
  readonly text: string;
  readonly isExact: boolean;
  /** Whether names begin or end with a text of its own; `*` and `*gemini*` are open on both sides. */
  readonly isAnchored: boolean;
  readonly literalChars: number;
  /** Patterns with the same key match the same names. */
  readonly key: string;
  readonly #literals: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.isExact = !text.includes('*');
    this.key = this.isExact ? text : inLowerCase(text);
    this.#literals = this.key.split('*');
    this.isAnchored = !text.startsWith('*') || !text.endsWith('*');
    this.literalChars = text.length - (this.#literals.length - 1);
  }

  /**
   * What each `*` stands for in this name, in the name's own case; null when the name does not match.
   * Of several, the earlier ones stand for as little as possible.
   */
  match(name: string): string[] | null {
    if (this.isExact) return name === this.text ? [] : null;
    const lower = inLowerCase(name);
    const first = this.#literals[0] ?? '';
    const last = this.#literals.at(-1) ?? '';
    if (!lower.startsWith(first) || !lower.endsWith(last)) return null;
    const stars: string[] = [];
    let at = first.length;
    for (const literal of this.#literals.slice(1, -1)) {
      const found = lower.indexOf(literal, at);
      if (found === -1) return null;
      stars.push(name.slice(at, found));
      at = found + literal.length;
    }
    const end = name.length - last.length;
    return at > end ? null : [...stars, name.slice(at, end)];
  }

  /** The text with each `*` replaced by what it stands for; one that has nothing to stand for stays. */
  fill(stars: readonly string[]): string {
    let index = 0;
    return this.text.replaceAll('*', () => stars[index++] ?? '*');
  }
}

/** As long as the text is: `İ`, the only letter to grow in lower case, would shift what follows it. */
const inLowerCase = (text: string) => text.replaceAll('İ', 'i').toLowerCase();
