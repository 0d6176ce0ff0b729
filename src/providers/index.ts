import { openaiCompatible } from './openai-compatible.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';
import { sandbox } from './sandbox.ts';
import { vercel } from './vercel.ts';

/** Every provider by id. Adding one is a file and its line here. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [openai, openaiCompatible, sandbox, vercel].map((provider) => [provider.id, provider]),
);
