// Everything that changes in the gateway, as lines of JSON: each event once, in order, none left out, over
// broken connections and restarts of either side. A file keeps the number of the last one.
//
//   npx node examples/grpc/watch-events.ts last-event 'virtual_key.*' 'budget.*'

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { operations, pauseAfter } from './client.ts';

const [file, ...types] = process.argv.slice(2);
if (file === undefined) throw new Error('watch-events.ts FILE [TYPE…]');

let after = existsSync(file) ? readFileSync(file, 'utf8') : '0';

for (;;) {
  try {
    for await (const { event } of operations.WatchEvents({ after, types })) {
      if (event === null) continue;
      const { seq, type, subject, actor, afterJson } = event;
      const at = new Date(Number(event.at?.seconds) * 1000);
      const now = afterJson === '' ? null : (JSON.parse(afterJson) as unknown);
      console.log(JSON.stringify({ seq, at, type, subject, actor, now }));
      // After it was dealt with: whoever dies in between deals with it twice, and leaves none out.
      writeFileSync(file, seq);
      after = seq;
    }
  } catch (error) {
    await pauseAfter(error);
  }
}
