import type { Units } from './units.ts';
import { ApiError } from './api-error.ts';

export type Service =
  | 'chat'
  | 'embeddings'
  | 'images'
  | 'speech'
  | 'transcription'
  | 'moderations'
  | 'rerank';

/** Nano-USD per million units. */
export interface Price {
  input: bigint;
  cached: bigint;
  output: bigint;
}

export interface Model {
  id: string;
  services: readonly Service[];
  price: Price;
}

const MILLION = 1_000_000n;

function model(id: string, service: Service, price: readonly [bigint, bigint, bigint]): Model {
  const [input, cached, output] = price;
  return { id, services: [service], price: { input, cached, output } };
}

/** The sandbox's own price list. It is the judge's, so it is never read from the product. */
export const MODELS: readonly Model[] = [
  model('gpt-4o-mini', 'chat', [150_000_000n, 75_000_000n, 600_000_000n]),
  model('gpt-4o', 'chat', [2_500_000_000n, 1_250_000_000n, 10_000_000_000n]),
  model('gpt-4.1-nano', 'chat', [100_000_000n, 25_000_000n, 400_000_000n]),
  model('text-embedding-3-small', 'embeddings', [20_000_000n, 20_000_000n, 0n]),
  model('gpt-image-1', 'images', [5_000_000_000n, 1_250_000_000n, 40_000_000_000n]),
  model('tts-1', 'speech', [15_000_000_000n, 0n, 0n]),
  model('whisper-1', 'transcription', [100_000n * MILLION, 0n, 0n]),
  model('gpt-4o-mini-transcribe', 'transcription', [
    1_250_000_000n,
    1_250_000_000n,
    5_000_000_000n,
  ]),
  model('omni-moderation-latest', 'moderations', [0n, 0n, 0n]),
  model('rerank-v3.5', 'rerank', [2_000_000n * MILLION, 0n, 0n]),
];

const byName = new Map(
  MODELS.flatMap((each) => [
    [each.id, each],
    [`openai/${each.id}`, each],
  ]),
);

/** Every name that may be asked for: plain and with the `openai/` prefix. */
export const MODEL_NAMES: readonly string[] = [...byName.keys()];

export function findModel(name: string): Model | undefined {
  return byName.get(name);
}

/** The names a credential may use, exactly as it must ask for them; null for all. */
export type Offer = readonly string[] | null;

/** Gives back what it is given; throws 400 for names nobody knows. */
export function checkOffer(offer: Offer): Offer {
  const unknown = offer?.filter((name) => !byName.has(name)) ?? [];
  if (unknown.length === 0) return offer;
  throw new ApiError(400, `models: there is no ${unknown.join(', ')}.`, { param: 'models' });
}

/** The model of that name if it offers the service; throws 404 (unknown) or 400 (wrong service). */
export function modelFor(service: Service, name: unknown, offer: Offer): Model {
  if (typeof name !== 'string' || name === '') {
    throw new ApiError(400, 'you must provide a model parameter', { param: 'model' });
  }
  const found = offer?.includes(name) === false ? undefined : byName.get(name);
  if (found === undefined) {
    throw new ApiError(
      404,
      `The model \`${name}\` does not exist or you do not have access to it.`,
      {
        code: 'model_not_found',
      },
    );
  }
  if (!found.services.includes(service)) {
    throw new ApiError(400, `The model \`${name}\` does not offer ${service}.`, { param: 'model' });
  }
  return found;
}

/** Nano-USD, rounded up once per call. */
export function costOf(price: Price, units: Units): bigint {
  const total =
    BigInt(units.input - units.cached) * price.input +
    BigInt(units.cached) * price.cached +
    BigInt(units.output) * price.output;
  return (total + MILLION - 1n) / MILLION;
}
