import { gigachat } from './gigachat.ts';
import { google } from './google.ts';
import { openaiCompatible } from './openai-compatible.ts';
import { openai } from './openai.ts';
import { perplexity } from './perplexity.ts';
import type { Provider } from './provider.ts';
import { sandbox } from './sandbox.ts';
import { vercel } from './vercel.ts';
import { xai } from './xai.ts';

/** Every provider by id. Adding one is a file and its line here. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [gigachat, google, openai, openaiCompatible, perplexity, sandbox, vercel, xai].map((provider) => [
    provider.id,
    provider,
  ]),
);
