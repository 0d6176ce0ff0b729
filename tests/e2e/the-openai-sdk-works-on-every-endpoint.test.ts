import { afterAll, beforeAll, expect, test } from '@jest/globals';
import OpenAI, { AuthenticationError, NotFoundError, toFile } from 'openai';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import {
  all,
  createKey,
  finishedOf,
  fleet,
  HELLO,
  ledgerOf,
  MODEL,
  poolOn,
  sdk,
  until,
  upstreamIds,
} from './fixture.ts';
import { classesTold } from './usage-told.ts';

const members = fleet('only');
/** Endpoint of every call that was accepted, in order: the ledger must say the same. */
const accepted: string[] = [];
let sandbox: Sandbox;
let server: ServerProcess;
let client: OpenAI;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  const pools = [
    poolOn(sandbox, members),
    poolOn(sandbox, members, { name: 'open', passthrough: true }),
  ];
  server = await startServer({ file: { pools }, lifetime: 'file' });
  client = sdk(server, server.key);
});

afterAll(() => sandbox.close());

/** Counts calls that must come to be on record. */
const counted = async <T>(endpoint: string, call: PromiseLike<T>): Promise<T> => {
  accepted.push(endpoint);
  return await call;
};

const chatted = <T>(call: PromiseLike<T>) => counted('chat.completions', call);
const textOf = (chunks: OpenAI.ChatCompletionChunk[], index = 0) =>
  chunks
    .flatMap((chunk) => chunk.choices)
    .filter((choice) => choice.index === index)
    .map((choice) => choice.delta.content ?? '')
    .join('');

test('a chat completion, plain and streamed, says the same', async () => {
  const plain = await chatted(client.chat.completions.create(HELLO));
  const stream = await chatted(client.chat.completions.create({ ...HELLO, stream: true }));
  const chunks = await all(stream);
  expect(plain.choices[0]?.message.content).toMatch(/\w/);
  expect(textOf(chunks)).toBe(plain.choices[0]?.message.content);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
});

test('a stream tells its usage to a client that asked, and to no other', async () => {
  const asked = { ...HELLO, stream: true as const };
  const telling = await all(
    await chatted(
      client.chat.completions.create({ ...asked, stream_options: { include_usage: true } }),
    ),
  );
  const silent = await all(await chatted(client.chat.completions.create(asked)));
  expect(telling.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5 } });
  expect(silent.every((chunk) => chunk.choices.length === 1)).toBe(true);
  expect(silent.filter((chunk) => chunk.usage)).toEqual([]);
  expect(silent).toHaveLength(telling.length - 1);
});

test('cached and reasoning tokens are told as they are', async () => {
  const headers = { 'x-sandbox-usage': 'prompt=50,cached=12,reasoning=30' };
  const plain = await chatted(client.chat.completions.create(HELLO, { headers }));
  expect(plain.usage).toMatchObject({
    prompt_tokens_details: { cached_tokens: 12 },
    completion_tokens_details: { reasoning_tokens: 30 },
  });
});

test('two choices come in one call', async () => {
  const plain = await chatted(client.chat.completions.create({ ...HELLO, n: 2 }));
  const stream = await chatted(client.chat.completions.create({ ...HELLO, n: 2, stream: true }));
  const chunks = await all(stream);
  const texts = plain.choices.map((choice) => choice.message.content);
  expect(texts).toHaveLength(2);
  expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual(texts);
});

test('a tool is called, plain and streamed', async () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const asked = {
    ...HELLO,
    tools: [{ type: 'function' as const, function: { name: 'get_weather', parameters } }],
    tool_choice: 'required' as const,
  };
  const plain = await chatted(client.chat.completions.create(asked));
  const chunks = await all(
    await chatted(client.chat.completions.create({ ...asked, stream: true })),
  );
  const [call] = plain.choices[0]?.message.tool_calls ?? [];
  const told = call?.type === 'function' ? call.function : { name: '', arguments: '' };
  const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
  expect(told.name).toBe('get_weather');
  expect(JSON.parse(told.arguments)).toEqual({ city: expect.any(String) });
  expect(deltas[0]?.function?.name).toBe('get_weather');
  expect(deltas.map((delta) => delta.function?.arguments).join('')).toBe(told.arguments);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
});

test('legacy completions, plain and streamed', async () => {
  const asked = { model: MODEL, prompt: 'Once upon' };
  const plain = await counted('completions', client.completions.create(asked));
  const stream = await counted(
    'completions',
    client.completions.create({ ...asked, stream: true }),
  );
  const chunks = await all(stream);
  expect(chunks.map((chunk) => chunk.choices[0]?.text).join('')).toBe(plain.choices[0]?.text);
  expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true);
});

test('responses, plain and streamed to response.completed', async () => {
  const asked = { model: 'gpt-4o', input: 'Hello' };
  const plain = await counted('responses', client.responses.create(asked));
  const stream = await counted('responses', client.responses.create({ ...asked, stream: true }));
  const last = (await all(stream)).at(-1);
  expect(plain.output_text).toMatch(/\w/);
  expect(last).toMatchObject({ type: 'response.completed', response: { usage: plain.usage } });
});

test('embeddings', async () => {
  const asked = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 8 };
  const made = await counted('embeddings', client.embeddings.create(asked));
  expect(made.data.map((row) => row.embedding.length)).toEqual([8, 8]);
});

test('images are made, and edited whichever part of the form comes first', async () => {
  const model = 'gpt-image-1';
  const image = await toFile(Buffer.alloc(200_000, 7), 'tree.png', { type: 'image/png' });
  const images = [
    await counted('images.generations', client.images.generate({ model, prompt: 'a tree', n: 2 })),
    await counted('images.edits', client.images.edit({ model, prompt: 'greener', image })),
    await counted('images.edits', client.images.edit({ image, prompt: 'greener', model })),
  ];
  expect(images.map((made) => made.data?.length)).toEqual([2, 1, 1]);
  expect(images[1]?.usage?.input_tokens_details.image_tokens).toBe(194);
});

test('speech arrives byte for byte', async () => {
  const asked = { model: 'tts-1', voice: 'alloy', input: 'Hello there' };
  const made = await counted('audio.speech', client.audio.speech.create(asked));
  const direct = new OpenAI({ baseURL: `${sandbox.url}/v1`, apiKey: members[0]?.key ?? '' });
  const sent = Buffer.from(await (await direct.audio.speech.create(asked)).arrayBuffer());
  expect(made.headers.get('content-type')).toBe('audio/mpeg');
  expect(Buffer.from(await made.arrayBuffer()).equals(sent)).toBe(true);
});

test('speech is transcribed and translated', async () => {
  const file = await toFile(Buffer.alloc(40_000, 7), 'speech.mp3', { type: 'audio/mpeg' });
  const { transcriptions, translations } = client.audio;
  const byTokens = await counted(
    'audio.transcriptions',
    transcriptions.create({ model: 'gpt-4o-mini-transcribe', file }),
  );
  const streamed = await counted(
    'audio.transcriptions',
    transcriptions.create({ model: 'gpt-4o-mini-transcribe', file, stream: true }),
  );
  const last = (await all(streamed)).at(-1);
  const bySeconds = await counted(
    'audio.transcriptions',
    transcriptions.create({ file, model: 'whisper-1' }),
  );
  const translated = await counted(
    'audio.translations',
    translations.create({ model: 'whisper-1', file }),
  );
  expect(byTokens.usage).toMatchObject({ type: 'tokens', input_tokens: 30 });
  expect(last).toMatchObject({ type: 'transcript.text.done', usage: byTokens.usage });
  expect(bySeconds.usage).toEqual({ type: 'duration', seconds: 3 });
  expect(translated.text).toMatch(/\w/);
});

test('moderations', async () => {
  const input = ['a calm lake', 'violence!'];
  const judged = await counted('moderations', client.moderations.create({ input }));
  expect(judged.results.map((result) => result.flagged)).toEqual([false, true]);
});

test('models are listed and shown; nobody is asked for that, so nothing is on record', async () => {
  const listed = await client.models.list();
  const shown = await client.models.retrieve('gpt-4o');
  expect(listed.data.map((model) => model.id)).toContain(MODEL);
  expect(shown.id).toBe('gpt-4o');
});

test('a model is shown under a two-part name, whose slash the SDK encodes', async () => {
  const shown = await client.models.retrieve('openai/gpt-4o');
  expect(shown.id).toBe('openai/gpt-4o');
});

const uploaded = async () => {
  const file = await toFile(Buffer.from('{"a":1}\n{"a":2}\n'), 'in.jsonl');
  return await counted('files.create', client.files.create({ file, purpose: 'batch' }));
};

test('files are kept until deleted', async () => {
  const { id } = await uploaded();
  const content = await counted('files.content', client.files.content(id));
  expect(await content.text()).toBe('{"a":1}\n{"a":2}\n');
  const listed = await counted('files.list', client.files.list());
  expect(listed.data.map((file) => file.id)).toEqual([id]);
  expect(await counted('files.get', client.files.retrieve(id))).toMatchObject({
    filename: 'in.jsonl',
  });
  expect(await counted('files.delete', client.files.delete(id))).toMatchObject({ deleted: true });
  const gone = counted('files.get', client.files.retrieve(id));
  await expect(gone).rejects.toThrow(NotFoundError);
});

test('batches are made, shown, listed and cancelled', async () => {
  const { id: input } = await uploaded();
  const window = '24h' as const;
  const endpoint = '/v1/chat/completions' as const;
  const asked = { input_file_id: input, endpoint, completion_window: window };
  const { id } = await counted('batches.create', client.batches.create(asked));
  expect(await counted('batches.get', client.batches.retrieve(id))).toMatchObject({ id });
  const listed = await counted('batches.list', client.batches.list());
  expect(listed.data.map((batch) => batch.id)).toEqual([id]);
  expect(await counted('batches.cancel', client.batches.cancel(id))).toMatchObject({
    status: 'cancelled',
  });
});

test('rerank', async () => {
  const body = { model: 'rerank-v3.5', query: 'tree', documents: ['oak', 'car', 'elm'], top_n: 2 };
  const ranked = await counted('rerank', client.post<{ results: unknown[] }>('/rerank', { body }));
  expect(ranked.results).toHaveLength(2);
});

test('an unknown path is a NotFoundError, unless the pool passes it through', async () => {
  const body = { model: MODEL };
  const refused = client.post('/fine_tuning/jobs', { body });
  await expect(refused).rejects.toThrow(NotFoundError);
  await expect(refused).rejects.toMatchObject({
    status: 404,
    type: 'invalid_request_error',
    code: 'not_found',
    error: { message: 'Invalid URL (POST /v1/fine_tuning/jobs)' },
  });
  const { key } = await createKey(server, '--name', 'open', '--pool', 'open');
  const open = sdk(server, key);
  let echoed: unknown;
  const isPassed = async () => {
    const call = open.post('/fine_tuning/jobs', { body, query: { limit: 2 } });
    echoed = await call.catch((error: unknown) => error);
    return !(echoed instanceof AuthenticationError);
  };
  accepted.push('passthrough');
  await until(isPassed);
  expect(echoed).toMatchObject({
    object: 'sandbox.echo',
    method: 'POST',
    path: '/v1/fine_tuning/jobs',
    query: { limit: '2' },
  });
});

test('each accepted call is on record once, with the units and the cost that the upstream told', async () => {
  expect(await server.stop()).toBe(0);
  const records = ledgerOf(server.dataDir);
  expect(records.map((record) => record['endpoint'])).toEqual(accepted);
  expect(records.map((record) => record['id'])).toEqual(upstreamIds(sandbox));
  for (const record of records) {
    const [call] = finishedOf(sandbox, String(record['id']));
    // Rerank is judged below: its tokens are told, but not what is paid for.
    if (!call?.usage || record['endpoint'] === 'rerank') continue;
    expect(record).toMatchObject({
      outcome: 'settled',
      usage_source: 'reported',
      ...classesTold(call.usage),
    });
    // Both price lists agree on this model.
    if (record['model'] === MODEL) expect(record['cost_nano']).toBe(Number(call.costNano));
  }
});

test('rerank is on record by its search units, which are what its provider charges', () => {
  const [record] = ledgerOf(server.dataDir).filter((row) => row['endpoint'] === 'rerank');
  expect(record).toMatchObject({ usage_source: 'reported', requests: 1 });
});
