import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, projectRoot, removeData, until } from './running-server.ts';

/** Null where there is no nginx; tests that need it then say so and are skipped. */
export const nginxBinary: string | null =
  ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0) ?? null;
export const NO_NGINX = 'nginx is not installed (Debian: apt-get install nginx-light)';

export interface Nginx {
  /** HTTP/1.1. */
  url: string;
  /** HTTP/2 without TLS, as a client that knows it is there may speak it. */
  http2Url: string;
  stop(): Promise<void>;
}

/** Replaces what must be there exactly once, so that a change of the file is noticed here. */
function replaced(text: string, found: RegExp, by: string): string {
  if (text.match(new RegExp(found, 'gm'))?.length !== 1)
    throw new Error(`docs/nginx.conf has not one ${found}`);
  return text.replace(new RegExp(found, 'm'), by);
}

/**
 * Runs docs/nginx.conf in front of some ports of this machine. Only addresses and certificates are others than there.
 * @param options.change the last word on the configuration, to see what it would do without one of its lines
 */
export async function startNginx(options: {
  ports: readonly number[];
  change?: (config: string) => string;
}): Promise<Nginx> {
  if (nginxBinary === null) throw new Error(NO_NGINX);
  const [port, http2Port] = [await freePort(), await freePort()];
  let site = readFileSync(join(projectRoot, 'docs/nginx.conf'), 'utf8');
  site = replaced(site, /^ *server 10\.0\.0\.11:3000(.*;)\n *server 10\.0\.0\.12:3000.*;$/, 'SERVERS$1');
  site = site.replace(/^SERVERS(.*)$/m, (_, rest: string) =>
    options.ports.map((each) => `server 127.0.0.1:${each}${rest}`).join('\n'),
  );
  site = replaced(
    site,
    /^ *listen 443 ssl http2;$/,
    `listen 127.0.0.1:${port};\nlisten 127.0.0.1:${http2Port} http2;`,
  );
  site = replaced(site, /^ *ssl_certificate .*;\n *ssl_certificate_key .*;$/, '');
  site = options.change?.(site) ?? site;

  const folder = mkdtempSync(join(tmpdir(), 'telltale-nginx-'));
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${of};`);
  // Compression as eager as somebody may have it set up elsewhere.
  const http = `access_log off; gzip on; gzip_proxied any; gzip_min_length 1; gzip_types *; ${scratch.join(' ')}`;
  const config = `daemon off; pid nginx.pid; error_log error.log;
    events { worker_connections 512; }
    http { ${http}
    ${site} }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const child = spawn(nginxBinary, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const url = `http://127.0.0.1:${port}`;
  await until('nginx to listen', async () => {
    if (child.exitCode !== null) throw new Error(said);
    return fetch(url, { method: 'HEAD' });
  });
  return {
    url,
    http2Url: `http://127.0.0.1:${http2Port}`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      removeData(folder);
    },
  };
}
