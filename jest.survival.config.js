import config, { suite } from './jest.config.js';

// Crashes and disk faults, caused with strace: apart from `npm test`, which needs nothing but Node.
export default {
  ...config,
  projects: [suite('survival')],
};
