import { describe, expect, test } from '@jest/globals';
import { catalogue } from '../../../src/errors/catalogue.ts';
import type { ErrorCode } from '../../../src/errors/catalogue.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { errorEvent, renderOpenAiError } from '../../../src/errors/openai.ts';

const codes = Object.keys(catalogue) as ErrorCode[];

test.each(codes)('%s is rendered from its row', (code) => {
  const { status, headers, body } = renderOpenAiError(new GatewayError(code, 'Say “why”.'));
  const row = catalogue[code];
  expect(status).toBe(row.http);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-should-retry': String(row.retryable),
    ...(row.http === 429 || row.http === 503
      ? { 'retry-after': '1', 'retry-after-ms': '1000' }
      : {}),
  });
  expect(JSON.parse(body.toString())).toEqual({
    error: { message: 'Say “why”.', type: row.type, param: null, code },
  });
});

describe('what SDKs do about an error', () => {
  test.each([
    [1, '1', '1'],
    [250, '1', '250'],
    [1000, '1', '1000'],
    [1000.2, '2', '1001'],
    [59_001, '60', '59001'],
    [0, '1', '0'],
    [-5, '1', '0'],
  ])('a wait of %s ms is Retry-After %s and retry-after-ms %s', (retryAfterMs, seconds, ms) => {
    const { headers } = renderOpenAiError(new GatewayError('overloaded', 'x', { retryAfterMs }));
    expect([headers['retry-after'], headers['retry-after-ms']]).toEqual([seconds, ms]);
  });

  test('never again what the client must change, again what time may mend', () => {
    for (const code of codes) {
      const { http, fault, retryable } = catalogue[code];
      if (http < 500 && ![408, 429].includes(http))
        expect([code, retryable]).toEqual([code, false]);
      if (fault === 'upstream' || fault === 'capacity')
        expect([code, retryable]).toEqual([code, true]);
      expect([code, http >= 400 && http < 600]).toEqual([code, true]);
    }
  });
});

test('the field at fault is named', () => {
  const { body } = renderOpenAiError(new GatewayError('invalid_request', 'x', { param: 'model' }));
  expect(JSON.parse(body.toString())).toMatchObject({ error: { param: 'model' } });
});

test('an error event is one event that every parser can read', () => {
  const text = errorEvent(new GatewayError('draining', 'Line\nbreak')).toString();
  expect(text).toMatch(/^data: [^\n]+\n\n$/);
  expect(JSON.parse(text.slice(6))).toMatchObject({ error: { message: 'Line\nbreak' } });
});

test('what is unknown becomes internal and says nothing of itself', () => {
  const error = GatewayError.from(new Error('password 123'));
  expect(renderOpenAiError(error).body.toString()).not.toContain('password');
  expect([error.code, error.row.http]).toEqual(['internal', 500]);
  expect(GatewayError.from(error)).toBe(error);
});
