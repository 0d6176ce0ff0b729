/** Gateways that name models `maker/model` and charge the maker's list price without a markup
 * (https://vercel.com/docs/ai-gateway/pricing). */
const gateways: ReadonlySet<string> = new Set(['vercel']);

interface Maker {
  readonly provider: string;
  /** What the catalogue writes before the model's name. */
  readonly prefix: string;
}

/** Makers that the catalogue lists under another name. All others are tried as they are. */
const makers: ReadonlyMap<string, Maker> = new Map([
  ['amazon', { provider: 'aws', prefix: 'amazon.' }],
  ['arcee-ai', { provider: 'arcee', prefix: '' }],
  ['mistralai', { provider: 'mistral', prefix: '' }],
  ['voyage', { provider: 'voyageai', prefix: '' }],
  ['xai', { provider: 'x-ai', prefix: '' }],
]);

/** Whose list a gateway's model is on, and under which name; undefined if that cannot be told. */
export function makerOf(
  gateway: string,
  slug: string,
): { provider: string; model: string } | undefined {
  const slash = slug.indexOf('/');
  if (slash < 1 || !gateways.has(gateway)) return undefined;
  const name = slug.slice(0, slash);
  const maker = makers.get(name) ?? { provider: name, prefix: '' };
  return { provider: maker.provider, model: maker.prefix + slug.slice(slash + 1) };
}
