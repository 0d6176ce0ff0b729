import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { gatewayOfFile } from '../../support/gateway.ts';
import { socketUrl } from '../../support/live-client.ts';

const gateway = gatewayOfFile();

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
];

/** Everything that is answered until the connection ends, or until the text. */
function exchange(bytes: string, until?: string): Promise<string> {
  const { port } = new URL(gateway().url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until !== undefined && text.includes(until)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const request = (target: string, ...headers: string[]): string =>
  [`GET ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');

const NOT_HERE = 'This server does not switch protocols here.';

describe('an upgrade', () => {
  test('of /graphql to WebSocket is granted, without extensions', async () => {
    const text = await exchange(
      request('/graphql', ...UPGRADE, 'Sec-WebSocket-Extensions: permessage-deflate'),
      '\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text).toContain('Sec-WebSocket-Protocol: graphql-transport-ws');
    expect(text).not.toContain('Extensions');
  });

  test.each([
    ['/v1/chat/completions', UPGRADE],
    ['/v1/models', UPGRADE],
    ['/healthz', UPGRADE],
    ['/graphql/more', UPGRADE],
    ['/nowhere', UPGRADE],
    ['/graphql', ['Connection: Upgrade', 'Upgrade: h2c']],
    ['/graphql', ['Connection: Upgrade', 'Upgrade: websocket, h2c']],
  ])('of %s is refused as ever', async (target, headers) => {
    const text = await exchange(request(target, ...headers));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain(NOT_HERE);
    expect(text).toContain('connection: close');
  });

  test.each([
    ['two hosts', [...UPGRADE, 'Host: elsewhere']],
    ['two authorizations', [...UPGRADE, 'Authorization: Bearer a', 'Authorization: Bearer b']],
    ['two keys', [...UPGRADE, 'Authorization: Bearer a', 'X-Api-Key: b']],
    ['a header that is to be dropped', ['Connection: Upgrade, Authorization', ...UPGRADE.slice(1)]],
    ['HTTP/2 settings', [...UPGRADE, 'HTTP2-Settings: AAMAAABkAAQAAP__']],
    ['a body', [...UPGRADE, 'Content-Length: 5']],
    ['a chunked body', [...UPGRADE, 'Transfer-Encoding: chunked']],
  ])('with %s is refused', async (_what, headers) => {
    const text = await exchange(request('/graphql', ...headers));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([
    ['another site', 'https://evil.example', 403],
    ['another port', 'http://localhost:1', 403],
    ['no origin at all, as sandboxed frames name it', 'null', 403],
    ['what is no origin', 'evil', 403],
    ['this host', 'http://localhost', 101],
    ['this host, over TLS that ends before us', 'https://localhost', 101],
  ])('for a page of %s', async (_what, origin, status) => {
    const text = await exchange(request('/graphql', ...UPGRADE, `Origin: ${origin}`), '\r\n\r\n');
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('before an earlier request is answered is refused, after that answer', async () => {
    const text = await exchange(request('/readyz') + request('/graphql', ...UPGRADE));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(text).toContain('Wait for the answer before switching protocols.');
  });

  test('after a refusal is not heard', async () => {
    const bad = request('/v1/models', 'Connection: X-Secret');
    const text = await exchange(bad + request('/graphql', ...UPGRADE));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  });

  test('without a valid key of WebSocket is refused', async () => {
    const text = await exchange(request('/graphql', 'Connection: Upgrade', 'Upgrade: websocket'));
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

test('a socket that was granted is one', async () => {
  const socket = new WebSocket(socketUrl(gateway()), 'graphql-transport-ws');
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(1000);
  expect(await closed).toBe(1000);
});
