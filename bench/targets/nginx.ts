import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, launch, untilListening } from '../processes.ts';
import { CLIENT_AUTHORIZATION, runningTarget, type Target } from './target.ts';

const PLACES = ['nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'];

/** nginx as a plain reverse proxy: one process, keep-alive on both sides, no policy. The physical limit. */
export const nginx: Target = {
  name: 'nginx',
  async start({ rig, core, folder }) {
    const found = findNginx();
    if (!found) return 'nginx is not installed (Debian: apt-get install nginx-light)';
    const port = await freePort();
    mkdirSync(join(folder, 'logs'), { recursive: true });
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, port, rig.mockPort));
    const child = launch(found.path, ['-p', folder, '-c', file, '-e', join(folder, 'error.log')], {
      core,
    });
    await untilListening(port, 5000);
    return runningTarget(
      {
        name: 'nginx',
        version: found.version,
        port,
        headers: [CLIENT_AUTHORIZATION],
        precompiled: true,
      },
      child,
    );
  },
};

function findNginx(): { path: string; version: string } | undefined {
  for (const path of PLACES) {
    const asked = spawnSync(path, ['-v'], { encoding: 'utf8' });
    const version = /nginx\/([\d.]+)/.exec(asked.stderr ?? '')?.[1];
    if (asked.status === 0 && version) return { path, version };
  }
  return undefined;
}

const configuration = (folder: string, port: number, mockPort: number): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
worker_rlimit_nofile 20000;
events { worker_connections 10000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 1m;
  keepalive_requests 100000000;
  upstream mock {
    server 127.0.0.1:${mockPort};
    keepalive 512;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
