import { describe, expect, it } from 'vitest';
import { passwordStrength } from '#lib/contracts/password-strength.ts';

describe('the hint about a password', () => {
  it.each([
    ['abc', 'short'],
    ['aaaaaaaaaaaa', 'weak'],
    ['1234567890', 'weak'],
    ['horsebattery7', 'fair'],
    ['correct horse battery staple', 'strong'],
  ] as const)('for %s is %s', (password, level) => {
    expect(passwordStrength(password, 10).level).toBe(level);
  });

  it('says how many characters are missing', () => {
    expect(passwordStrength('abcdefghi', 10).words).toBe('1 more character.');
  });
});
