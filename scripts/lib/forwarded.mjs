/**
 * Kit learns protocol, host and client from headers; without them adapter-node assumes https. These names are ours
 * and are filled in on every request, so what a client sends under them, or as x-forwarded-*, counts for nothing.
 */
const PROTOCOL = 'x-telltale-protocol';
const HOST = 'x-telltale-host';
const ADDRESS = 'x-telltale-address';

/**
 * Must run before build/handler.js is imported, which reads the environment once.
 * @param {NodeJS.ProcessEnv} env
 */
export function tellAdapter(env) {
  env['PROTOCOL_HEADER'] = PROTOCOL;
  env['HOST_HEADER'] = HOST;
  env['ADDRESS_HEADER'] = ADDRESS;
  delete env['PORT_HEADER'];
}

/**
 * How many proxies in front are ours: TRUST_PROXY=1, or `true` for one.
 * @param {string | undefined} setting
 */
export function trustedProxies(setting) {
  if (setting === undefined || setting === '' || setting === 'false') return 0;
  if (setting === 'true') return 1;
  const hops = Number(setting);
  return Number.isInteger(hops) && hops >= 0 ? hops : null;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {number} hops
 */
export function fillHeaders(request, hops) {
  const { headers, socket } = request;
  const protocol = fromProxies(headers['x-forwarded-proto'], hops);
  headers[PROTOCOL] = protocol === 'https' || protocol === 'http' ? protocol : 'http';
  headers[HOST] = fromProxies(headers['x-forwarded-host'], hops) ?? headers.host ?? 'localhost';
  headers[ADDRESS] = fromProxies(headers['x-forwarded-for'], hops) ?? socket.remoteAddress ?? '';
}

/**
 * Each proxy appends what it saw: with n of ours, the n-th from the end is the last that one of ours vouches for.
 * A list that is shorter was set, not appended to, by the proxy.
 * @param {string | string[] | undefined} header
 * @param {number} hops
 */
function fromProxies(header, hops) {
  if (hops === 0 || header === undefined) return undefined;
  const values = String(header)
    .split(',')
    .map((value) => value.trim());
  return values.at(-hops) ?? values[0];
}
