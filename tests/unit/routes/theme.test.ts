import { isRedirect } from '@sveltejs/kit';
import { expect, it } from 'vitest';
import { POST } from '../../../src/routes/theme/+server.ts';

async function goesTo(to: string): Promise<string> {
  const event = {
    request: new Request('http://localhost/theme', { method: 'POST', body: new URLSearchParams({ to }) }),
    cookies: { set: () => undefined },
    locals: { app: { env: {} } },
  };
  try {
    await POST(event as never);
  } catch (thrown) {
    if (isRedirect(thrown)) return thrown.location;
    throw thrown;
  }
  throw new Error('It leads nowhere.');
}

it.each([
  ['/w/bank?page=2', '/w/bank?page=2'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['/\n/evil.example', '/'],
  ['https://evil.example', '/'],
])('choosing a theme at %j leads to %j', async (to, expected) => {
  expect(await goesTo(to)).toBe(expected);
});
