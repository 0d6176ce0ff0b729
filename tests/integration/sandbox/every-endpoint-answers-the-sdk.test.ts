import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toFile, type OpenAI } from 'openai';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { aSandbox, KEY, nextFinished, sdk } from './fixture.ts';

describe('every endpoint', () => {
  let sandbox: Sandbox;
  let client: OpenAI;

  beforeAll(async () => {
    sandbox = await aSandbox({ chunkCount: 4 });
    client = sdk(sandbox);
  });

  afterAll(() => sandbox.close());

  async function lastUsage(): Promise<unknown> {
    const entry = await nextFinished(sandbox, sandbox.witness.entries.length - 1);
    return entry.usage;
  }

  test('completions, plain and streamed', async () => {
    const asked = { model: 'gpt-4o-mini', prompt: 'Once upon' };
    const plain = await client.completions.create(asked);
    const stream = await client.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: unknown = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(plain.choices[0]?.text);
    expect(text).not.toBe('');
    expect(usage).toEqual(plain.usage);
  });

  test('responses, plain and streamed with typed events', async () => {
    const asked = { model: 'gpt-4o', input: 'Hello', instructions: 'Be brief' };
    const plain = await client.responses.create(asked);
    expect(plain.output_text).toMatch(/\.$/);
    expect(plain.usage).toMatchObject({
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    });
    const types: string[] = [];
    let text = '';
    let usage: unknown = null;
    for await (const event of await client.responses.create({ ...asked, stream: true })) {
      if (types.at(-1) !== event.type) types.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') usage = event.response.usage;
    }
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(text).toBe(plain.output_text);
    expect(usage).toEqual(plain.usage);
    expect(await lastUsage()).toEqual(plain.usage);
  });

  test('responses call a tool and stop at the cap', async () => {
    const tools: OpenAI.Responses.FunctionTool[] = [
      { type: 'function', name: 'look_up', strict: false, parameters: { type: 'object' } },
    ];
    const called = await client.responses.create({
      model: 'gpt-4o',
      input: 'use look_up now',
      tools,
    });
    const capped = await client.responses.create({
      model: 'gpt-4o',
      input: 'Hello',
      max_output_tokens: 1,
    });
    expect(called.output[0]).toMatchObject({ type: 'function_call', name: 'look_up' });
    expect(capped).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
  });

  test('embeddings: floats and base64 agree, dimensions and arrays are honoured', async () => {
    const asked = { model: 'text-embedding-3-small', input: ['one', 'two'], dimensions: 8 };
    const floats = await client.embeddings.create({ ...asked, encoding_format: 'float' });
    // Without a format the SDK asks for base64 and decodes it.
    const decoded = await client.embeddings.create(asked);
    expect(floats.data.map((row) => row.embedding.length)).toEqual([8, 8]);
    expect(decoded.data.map((row) => [...row.embedding])).toEqual(
      floats.data.map((row) => row.embedding.map((value) => Math.fround(value))),
    );
    expect(floats.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
    expect(await lastUsage()).toEqual(floats.usage);
  });

  test('images: generations, edits and the streamed form', async () => {
    const made = await client.images.generate({ model: 'gpt-image-1', prompt: 'a tree', n: 2 });
    const image = await toFile(Buffer.from('not really a png'), 'tree.png', { type: 'image/png' });
    const edited = await client.images.edit({ model: 'gpt-image-1', prompt: 'greener', image });
    const streamed = await client.images.generate({
      model: 'gpt-image-1',
      prompt: 'a tree',
      stream: true,
    });
    const events = [];
    for await (const event of streamed) events.push(event);
    expect(made.data).toHaveLength(2);
    expect(made.usage?.output_tokens).toBe(544);
    expect(edited.usage?.input_tokens_details.image_tokens).toBe(194);
    expect(events).toMatchObject([
      { type: 'image_generation.completed', usage: { output_tokens: 272 } },
    ]);
  });

  test('speech is binary and always the same', async () => {
    const asked = { model: 'tts-1', voice: 'alloy', input: 'Hello' };
    const first = await client.audio.speech.create(asked);
    const second = await client.audio.speech.create(asked);
    const bytes = Buffer.from(await first.arrayBuffer());
    expect(first.headers.get('content-type')).toBe('audio/mpeg');
    expect(bytes.length).toBeGreaterThan(1000);
    expect(Buffer.from(await second.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('transcriptions tell tokens or seconds, by model', async () => {
    const file = await toFile(Buffer.alloc(40_000, 7), 'speech.mp3', { type: 'audio/mpeg' });
    const byTokens = await client.audio.transcriptions.create({
      model: 'gpt-4o-mini-transcribe',
      file,
    });
    const bySeconds = await client.audio.transcriptions.create({ model: 'whisper-1', file });
    const translated = await client.audio.translations.create({ model: 'whisper-1', file });
    expect(byTokens.usage).toMatchObject({ type: 'tokens', input_tokens: 30 });
    expect(bySeconds.usage).toEqual({ type: 'duration', seconds: 3 });
    expect(translated.text).toBe(bySeconds.text);
  });

  test('a streamed transcription ends with its usage', async () => {
    const file = await toFile(Buffer.alloc(40_000, 7), 'speech.mp3', { type: 'audio/mpeg' });
    const model = 'gpt-4o-mini-transcribe';
    const stream = await client.audio.transcriptions.create({ model, file, stream: true });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.slice(0, -1).every((event) => event.type === 'transcript.text.delta')).toBe(true);
    expect(events.at(-1)).toMatchObject({
      type: 'transcript.text.done',
      usage: { type: 'tokens' },
    });
  });

  test('moderations flag by word', async () => {
    const reply = await client.moderations.create({ input: ['a calm lake', 'violence!'] });
    expect(reply.results.map((result) => result.flagged)).toEqual([false, true]);
  });

  test('models are listed under both names', async () => {
    const names = (await client.models.list()).data.map((model) => model.id);
    const one = await client.models.retrieve('openai/gpt-4o');
    expect(names).toEqual(expect.arrayContaining(['gpt-4o-mini', 'openai/whisper-1']));
    expect(names).toHaveLength(20);
    expect(one.id).toBe('openai/gpt-4o');
  });

  test('files are kept until deleted', async () => {
    const upload = await toFile(Buffer.from('{"a":1}\n{"a":2}\n'), 'in.jsonl');
    const file = await client.files.create({ file: upload, purpose: 'batch' });
    const content = await client.files.content(file.id);
    expect(await content.text()).toBe('{"a":1}\n{"a":2}\n');
    expect((await client.files.list()).data.map((each) => each.id)).toContain(file.id);
    expect((await client.files.retrieve(file.id)).filename).toBe('in.jsonl');
    await client.files.delete(file.id);
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });

  test('batches are accepted, shown and cancelled', async () => {
    const upload = await toFile(Buffer.from('{"a":1}\n{"a":2}\n'), 'in.jsonl');
    const file = await client.files.create({ file: upload, purpose: 'batch' });
    const batch = await client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    expect(batch.request_counts?.total).toBe(2);
    expect((await client.batches.list()).data.map((each) => each.id)).toContain(batch.id);
    expect((await client.batches.cancel(batch.id)).status).toBe('cancelled');
    expect((await client.batches.retrieve(batch.id)).status).toBe('cancelled');
  });

  test('rerank orders documents and tells its search units', async () => {
    const body = {
      model: 'rerank-v3.5',
      query: 'tree',
      documents: ['oak', 'car', 'elm'],
      top_n: 2,
    };
    const reply = await client.post<{
      results: { index: number; relevance_score: number }[];
      usage: object;
    }>('/rerank', { body });
    const scores = reply.results.map((result) => result.relevance_score);
    expect(scores).toHaveLength(2);
    expect(scores).toEqual(scores.toSorted((left, right) => right - left));
    expect(reply.usage).toMatchObject({ search_units: 1 });
  });

  test('anything else under /v1 is echoed', async () => {
    const reply = await fetch(`${sandbox.url}/v1/fine_tuning/jobs?limit=2`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(await reply.json()).toEqual({
      object: 'sandbox.echo',
      path: '/v1/fine_tuning/jobs',
      method: 'PUT',
      query: { limit: '2' },
    });
  });

  test('replies carry what a proxy must sort out', async () => {
    const { headers } = await fetch(`${sandbox.url}/v1/models`, {
      headers: { authorization: `Bearer ${KEY}`, 'x-request-id': 'mine' },
    });
    expect(headers.get('x-request-id')).toMatch(/^req_sandbox_\d+$/);
    expect(headers.get('openai-processing-ms')).toMatch(/^\d+$/);
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('9999');
    expect(headers.getSetCookie()).toHaveLength(1);
    expect(headers.get('server')).toBe('sandbox');
  });
});
