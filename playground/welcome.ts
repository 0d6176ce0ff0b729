/** Stands where the secret goes. Nothing is sent while it does. */
export const PLACEHOLDER = 'PASTE-THE-ADMIN-SECRET-HERE';

export const presetHeaders = `{ "authorization": "Bearer ${PLACEHOLDER}" }\n`;

export const missingSecret =
  'Paste the admin secret under Headers. It is in the file data/admin-secret of the data directory, or the value of ADMIN_SECRET.';

const queryTab = `# Welcome to the control plane of Tollgate.
#
# 1. Paste the admin secret under "Headers",
#    below: it is in the file data/admin-secret,
#    or the value of ADMIN_SECRET. A named admin
#    token does as well. Then the schema is read,
#    and names are completed as you type.
# 2. Run this query: pink button or Ctrl-Enter.
# 3. The tab "Events" shows what happens, live.
#
# A tab without an authorization of its own uses
# the one given last. What you type here is kept
# until this browser tab is closed.

query Server {
  serverInfo {
    version
    uptimeSeconds
  }
}
`;

const subscriptionTab = `# What happens from now on, over a web socket.
# Run it, then change something: for one, make a
# key with \`tollgate create-key\`.

subscription Events {
  events {
    seq
    at
    type
    subject
    actor
  }
}
`;

export const tabs = [{ query: queryTab, headers: presetHeaders }, { query: subscriptionTab }];
