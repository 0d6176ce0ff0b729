import { describe, expect, test } from '@jest/globals';
import { batchesCreate, batchesList } from '../../../src/proxy/endpoints/batches.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import { KeyScope } from '../../../src/proxy/key-scope.ts';
import { requireModel, requireScope } from '../../../src/proxy/require-scope.ts';
import { aKey } from './fixture.ts';

const keyOf = (...allowedModels: string[]) =>
  aKey({ scope: new KeyScope({ allowedModels, allowedEndpoints: null, sourceNetworks: null }) });

const asked = (fields: Record<string, unknown>, model = 'm') => ({ model, fields, bytes: 9 });

describe('a key of certain models', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['the model', {}, 'm'],
    ['models to turn to', { models: ['m', 'other'] }, 'models'],
    ['models of a gateway', { providerOptions: { gateway: { models: ['o'] } } }, 'providerOptions'],
    ['a model that is no name', { models: [{ id: 'm' }] }, 'models'],
  ])('is refused %s', (_what, fields, param) => {
    const key = param === 'm' ? keyOf('other') : keyOf('m');
    expect(() => requireModel(key, asked(fields))).toThrow(
      expect.objectContaining({
        code: 'permission_denied',
        param: param === 'm' ? 'model' : param,
      }),
    );
  });

  test('may use those, wherever they are named', () => {
    const fields = { models: ['m', 'm2'], providerOptions: { gateway: { models: ['m'] } } };
    expect(() => requireModel(keyOf('m*'), asked(fields))).not.toThrow();
    expect(() => requireModel(keyOf('m*'), asked({}, ''))).not.toThrow();
  });

  test('may not use what names its models where nobody looks', () => {
    const at = { address: '127.0.0.1' };
    expect(() => requireScope(keyOf('m'), { ...at, endpoint: batchesCreate })).toThrow(
      'batches.create',
    );
    expect(() => requireScope(keyOf('m'), { ...at, endpoint: batchesList })).not.toThrow();
    expect(() => requireScope(keyOf('m'), { ...at, endpoint: chatCompletions })).not.toThrow();
    expect(() => requireScope(aKey(), { ...at, endpoint: batchesCreate })).not.toThrow();
  });
});
