import config, { suite } from './jest.config.js';

// Crashes and disk faults, caused with strace: apart from `npm test`, which needs nothing but Node.
export default {
  ...config,
  projects: [suite('survival')],
  // What is killed or fails is waited for: half of the time two at once leave the processor idle.
  maxWorkers: 3,
};
