import type { LoosePool } from '../config/loose-schema.ts';
import { ModelPattern } from '../pool/model-pattern.ts';

type Rule = LoosePool['models'][number];

/** What is wrong with a pool's model rules taken together with its credentials, each with its place. */
export function modelRuleMistakes(
  { models, credentials }: LoosePool,
  isProvider: (name: string) => string | null,
): string[] {
  const names = new Set(credentials.map(({ name }) => name));
  return models.flatMap((rule, at) => {
    const unknown = (rule.credentials ?? []).filter((name) => !names.has(name));
    const provider = rule.provider === undefined ? null : isProvider(rule.provider);
    const earlier = models.slice(0, at).filter((other) => isSameName(rule, other));
    const contested = servers(rule, credentials).filter((name) =>
      earlier.some((other) => servers(other, credentials).includes(name)),
    );
    return [
      ...unknown.map((name) => `.credentials: the pool has no "${name}"`),
      ...(provider === null ? [] : [`.provider: ${provider}`]),
      ...(starsOf(rule.upstream) > starsOf(rule.name)
        ? ['.upstream: has more "*" than the name']
        : []),
      ...(contested.length === 0
        ? []
        : [`.name: an earlier rule has "${rule.name}" for ${contested.join(', ')} too`]),
    ].map((text) => `.models[${at}]${text}`);
  });
}

const starsOf = (text: string | undefined): number => (text ?? '').split('*').length - 1;

const isSameName = (one: Rule, other: Rule): boolean =>
  one.name !== undefined &&
  other.name !== undefined &&
  new ModelPattern(one.name).key === new ModelPattern(other.name).key;

/** Names of the credentials that a rule leaves its models to. */
function servers(rule: Rule, credentials: LoosePool['credentials']): string[] {
  return credentials.flatMap(({ name, provider }) => {
    const isAdmitted =
      name !== undefined &&
      (rule.credentials?.includes(name) ?? true) &&
      (rule.provider === undefined || rule.provider === provider);
    return isAdmitted ? [name] : [];
  });
}
