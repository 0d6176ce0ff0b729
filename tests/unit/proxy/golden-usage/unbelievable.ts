/** The fault catalogue's cases U65 to U68, each told where a usage belongs: worth nothing. */
export const unbelievable: [name: string, usage: unknown][] = [
  ['absent', undefined],
  ['null', null],
  ['text', '29'],
  ['a list', [{ prompt_tokens: 1, completion_tokens: 1 }]],
  ['empty', {}],
  ['negative', { prompt_tokens: 19, completion_tokens: -10, total_tokens: 9 }],
  ['a fraction', { prompt_tokens: 19.5, completion_tokens: 10, total_tokens: 29.5 }],
  ['digits', { prompt_tokens: '19', completion_tokens: '10', total_tokens: '29' }],
  ['absurd', { prompt_tokens: 1e18, completion_tokens: 10, total_tokens: 1e18 }],
  ['an absurd total', { prompt_tokens: 19, completion_tokens: 10, total_tokens: 1e18 }],
  ['a negative total', { prompt_tokens: 19, completion_tokens: 10, total_tokens: -1 }],
  [
    'a negative cache',
    { prompt_tokens: 19, completion_tokens: 10, prompt_tokens_details: { cached_tokens: -4 } },
  ],
  [
    'more cached than there is',
    { prompt_tokens: 19, completion_tokens: 10, prompt_cache_hit_tokens: 20 },
  ],
  [
    'more thought than was produced, and no total that counts it',
    {
      prompt_tokens: 19,
      completion_tokens: 10,
      total_tokens: 29,
      completion_tokens_details: { reasoning_tokens: 11 },
    },
  ],
  [
    'absurd citations',
    {
      prompt_tokens: 19,
      completion_tokens: 10,
      total_tokens: 29,
      citation_tokens: 1e18,
      reasoning_tokens: 5,
    },
  ],
];
