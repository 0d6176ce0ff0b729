import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createEdgeServer } from '../../../src/edge/server.ts';

const aServer = () =>
  createEdgeServer(() => {
    throw new Error('Nothing may get through.');
  });

/** What a connection is for the server once its parser has given up. */
function aSocket() {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _encoding, done) {
      written.push(bytes);
      done();
    },
  });
  return { socket, text: () => Buffer.concat(written).toString() };
}

test('nobody can hold a connection by sending slowly', () => {
  const { headersTimeout, requestTimeout, keepAliveTimeout } = aServer();
  expect({ headersTimeout, requestTimeout, keepAliveTimeout }).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 300_000,
    keepAliveTimeout: 65_000,
  });
});

test.each([
  ['HPE_HEADER_OVERFLOW', 431, 'header_fields_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'request_timeout'],
  ['HPE_INVALID_CONSTANT', 400, 'invalid_request'],
])('the parser error %s is answered with %d', (code, status, name) => {
  const { socket, text } = aSocket();
  aServer().emit('clientError', Object.assign(new Error('broken'), { code }), socket);
  expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(text()).toContain(`"code":"${name}"`);
  expect(text()).toContain('\r\nconnection: close\r\n');
  expect(socket.writable).toBe(false);
  socket.destroy();
});

test('a second error on the same connection is not answered again', () => {
  const { socket, text } = aSocket();
  const server = aServer();
  server.emit('clientError', new Error('broken'), socket);
  server.emit('clientError', new Error('broken'), socket);
  expect(text().match(/HTTP\/1\.1/g)).toHaveLength(1);
  socket.destroy();
});

test('a connection that broke is dropped without a word', () => {
  const { socket, text } = aSocket();
  aServer().emit('clientError', Object.assign(new Error('gone'), { code: 'ECONNRESET' }), socket);
  expect(text()).toBe('');
  expect(socket.destroyed).toBe(true);
});
