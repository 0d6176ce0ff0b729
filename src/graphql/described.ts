const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Texts for people as descriptions: capital letter, full stop. */
export const described = <T extends string>(texts: Record<T, string>): Record<T, string> =>
  Object.fromEntries(
    Object.entries<string>(texts).map(([name, text]) => [name, sentence(text)]),
  ) as Record<T, string>;
