import { describe, expect, test } from '@jest/globals';
import { hasFee } from '../../../../src/accounting/prices/fee.ts';
import { USAGE_CLASSES } from '../../../../src/entities/usage.ts';
import { endpoints, findEndpoint, isKnownPath } from '../../../../src/proxy/endpoints/index.ts';

describe('the registry', () => {
  test('no two rows share a method and a path', () => {
    const lines = endpoints.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(lines).size).toBe(lines.length);
  });

  test.each(
    endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const),
  )('%s has a meter that can work', (_name, endpoint) => {
    const { meter } = endpoint;
    expect(['free', 'unpriced', 'usage']).toContain(meter.kind);
    if (meter.kind !== 'usage') return;
    expect(meter.read({}, { model: 'm', fields: {}, bytes: 100 })).toBeNull();
    const held = meter.estimate({ model: 'm', fields: { input: 'x' }, bytes: 100 });
    const units = USAGE_CLASSES.map((usageClass) => held[usageClass]);
    expect(units.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
    expect(units.some((count) => count > 0)).toBe(true);
  });

  test('whoever prices a call on record knows which endpoints have a fee', () => {
    for (const { id, meter } of endpoints) {
      expect([id, hasFee(id)]).toEqual([id, meter.kind === 'usage' && meter.hasFee === true]);
    }
  });

  test('only what costs nothing may be sent again, and only what is read may cost by usage', () => {
    for (const { isRepeatable, meter, method, body, model } of endpoints) {
      if (isRepeatable) expect([meter.kind, method]).toEqual(['free', 'GET']);
      if (meter.kind === 'usage') expect([body === 'opaque', model]).toEqual([false, 'required']);
    }
  });
});

describe('findEndpoint', () => {
  test.each([
    ['POST', '/v1/chat/completions', 'chat.completions'],
    ['POST', '/v1/completions', 'completions'],
    ['POST', '/v1/responses', 'responses'],
    ['POST', '/v1/embeddings', 'embeddings'],
    ['POST', '/v1/images/generations', 'images.generations'],
    ['POST', '/v1/images/edits', 'images.edits'],
    ['POST', '/v1/audio/speech', 'audio.speech'],
    ['POST', '/v1/audio/transcriptions', 'audio.transcriptions'],
    ['POST', '/v1/audio/translations', 'audio.translations'],
    ['POST', '/v1/moderations', 'moderations'],
    ['POST', '/v1/rerank', 'rerank'],
    ['GET', '/v1/models', 'models.list'],
    ['GET', '/v1/models/gpt-4o', 'models.get'],
    ['GET', '/v1/models/openai/gpt-4o', 'models.get'],
    ['POST', '/v1/files', 'files.create'],
    ['GET', '/v1/files', 'files.list'],
    ['GET', '/v1/files/f1', 'files.get'],
    ['GET', '/v1/files/f1/content', 'files.content'],
    ['DELETE', '/v1/files/f1', 'files.delete'],
    ['POST', '/v1/batches', 'batches.create'],
    ['POST', '/v1/batches/b1/cancel', 'batches.cancel'],
  ])('%s %s is %s', (method, path, id) => {
    expect(findEndpoint(method, path)?.id).toBe(id);
  });

  test.each([
    ['GET', '/v1/chat/completions', true],
    ['DELETE', '/v1/models/gpt-4o', true],
    ['PUT', '/v1/files/f1', true],
    ['POST', '/v1/chat/completions/', false],
    ['POST', '/v1/Chat/completions', false],
    ['POST', '/v1//chat/completions', false],
    ['GET', '/v1/models/', false],
    ['GET', '/v1/models/a/b/c', false],
    ['GET', '/v1/files//content', false],
    ['GET', '/v1', false],
    ['POST', '/', false],
    ['POST', '/v1/*', false],
  ])('%s %s is none; a known path: %s', (method, path, isKnown) => {
    expect(findEndpoint(method, path)).toBeUndefined();
    expect(isKnownPath(path)).toBe(isKnown);
  });
});
