import { CLIENT_AUTHORIZATION, runningTarget, type Target } from './target.ts';

/** No gateway: the floor that "added latency" is measured from. */
export const direct: Target = {
  name: 'direct',
  async start({ rig }) {
    const port = rig.mockPort;
    return runningTarget(
      {
        name: 'direct',
        version: rig.kind,
        port,
        headers: [CLIENT_AUTHORIZATION],
        precompiled: true,
      },
      null,
    );
  },
};
