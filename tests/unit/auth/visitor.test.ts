import { describe, expect, it } from 'vitest';
import { localPath } from '#lib/server/auth/visitor.ts';

describe('the address to go to after logging in', () => {
  it.each(['/', '/w/calls', '/w/calls/patterns?sort=n', '/invite/abc#x'])('may be %s', (path) => {
    expect(localPath(path)).toBe(path);
  });

  it.each([
    null,
    '',
    'w/calls',
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/\t/evil.example',
    '/a\\b',
  ])('is the start page instead of %j', (path) => {
    expect(localPath(path)).toBe('/');
  });
});
