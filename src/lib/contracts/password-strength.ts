/** How strong a password looks, for a hint while it is typed. A guess from length and variety, not a guarantee. */
export interface PasswordStrength {
  level: 'short' | 'weak' | 'fair' | 'strong';
  words: string;
}

const FAIR_BITS = 50;
const STRONG_BITS = 70;

function alphabetSize(password: string): number {
  let size = 0;
  if (/[a-z]/.test(password)) size += 26;
  if (/[A-Z]/.test(password)) size += 26;
  if (/[0-9]/.test(password)) size += 10;
  if (/[^A-Za-z0-9]/.test(password)) size += 20;
  return size;
}

/** Characters that are not simply the one before, or its neighbour, again ("aaaa", "1234"). */
function freshCharacters(password: string): number {
  let fresh = 0;
  for (let i = 0; i < password.length; i++) {
    const step = i === 0 ? Infinity : Math.abs(password.charCodeAt(i) - password.charCodeAt(i - 1));
    if (step > 1) fresh++;
  }
  return fresh;
}

export function passwordStrength(password: string, minimum: number): PasswordStrength {
  if (password.length < minimum) {
    const missing = minimum - password.length;
    return { level: 'short', words: `${missing} more ${missing === 1 ? 'character' : 'characters'}.` };
  }
  const bits = freshCharacters(password) * Math.log2(Math.max(2, alphabetSize(password)));
  if (bits < FAIR_BITS) return { level: 'weak', words: 'Easy to guess. Another word would help.' };
  if (bits < STRONG_BITS) return { level: 'fair', words: 'Fair. Longer is better than stranger.' };
  return { level: 'strong', words: 'Strong.' };
}
