import { expect, test } from '@jest/globals';
import { mediaTypeFor } from '../../../src/graphql/http/media-types.ts';

const PLAIN = 'application/json';
const OWN = 'application/graphql-response+json';

test.each([
  // What is meant by those that do not say is the specification's own type, since 2025.
  [undefined, OWN],
  ['', OWN],
  [PLAIN, PLAIN],
  [OWN, OWN],
  ['*/*', PLAIN],
  ['application/*', PLAIN],
  [`${OWN}, ${PLAIN};q=0.9`, OWN],
  [`${PLAIN};q=0.9, ${OWN}`, OWN],
  [`${OWN}, ${PLAIN}`, OWN],
  [`${PLAIN}, ${OWN}`, PLAIN],
  [`${OWN};q=0.1, */*;q=0.9`, PLAIN],
  [`${PLAIN};q=0, */*`, OWN],
  [`${OWN};q=0, application/*;q=0.5, */*;q=0`, PLAIN],
  ['text/html, */*;q=0.1', PLAIN],
  ['APPLICATION/JSON; Charset="UTF-8"', PLAIN],
  [`${PLAIN};charset=utf-16, ${OWN};charset=utf-8`, OWN],
  ['text/event-stream', null],
  ['text/html, image/png;q=0.8', null],
  [`${PLAIN};q=0`, null],
  [`${PLAIN};charset=latin1`, null],
  [`${PLAIN};q=2`, null],
  [`${PLAIN};q=much`, null],
  ['json', null],
  [',,;', null],
])('%j is answered with %j', (accept, type) => {
  expect(mediaTypeFor(accept)).toBe(type);
});
