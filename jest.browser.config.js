import config, { suite } from './jest.config.js';

// In a real browser: apart from `npm test`, which needs nothing but Node.
export default {
  ...config,
  projects: [suite('browser')],
  // A first start of the browser takes its time on a machine with other work.
  testTimeout: 120_000,
};
