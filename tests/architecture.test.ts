import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The import rules of the house (README, "The house"), executed over the sources. */
const root = resolve(import.meta.dirname, '..');

interface Import {
  file: string;
  target: string;
}

const IMPORT =
  /(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** `src/lib/…` for our own files, the bare specifier for packages. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('#lib/')) return `src/lib/${specifier.slice(5)}`;
  if (specifier.startsWith('#domain/')) return `src/lib/domain/${specifier.slice(8)}`;
  if (specifier.startsWith('.')) return relative(root, resolve(root, dirname(file), specifier));
  return specifier;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...text.matchAll(IMPORT)].flatMap((match) => {
    const specifier = match[1] ?? match[2];
    return specifier === undefined ? [] : [{ file, target: targetOf(file, specifier) }];
  });
}

const files = [...filesBelow('src'), ...filesBelow('workers')];
const imports = files.flatMap(importsOf);
const lib = (room: string) => `src/lib/${room}/`;
const isOurs = (target: string) => target.startsWith('src/') || target.startsWith('workers/');
const violations = (from: (file: string) => boolean, allowed: (target: string, file: string) => boolean) =>
  imports
    .filter(({ file, target }) => from(file) && !allowed(target, file))
    .map(({ file, target }) => `${file} → ${target}`);
const startsWithAny = (target: string, prefixes: string[]) =>
  prefixes.some((prefix) => target.startsWith(prefix));

describe('the rooms import only what they may', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(300);
  });

  it('domain knows only itself', () => {
    expect(
      violations(
        (f) => f.startsWith(lib('domain')),
        (t) => t.startsWith(lib('domain')),
      ),
    ).toEqual([]);
  });

  it('domain has no clock, no chance and no side effects', () => {
    const found = files
      .filter((file) => file.startsWith(lib('domain')))
      .flatMap((file) => {
        const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        return /Date\.now|new Date\(\)|Math\.random|\bprocess\.|\bconsole\./.test(text) ? [file] : [];
      });
    expect(found).toEqual([]);
  });

  it('workers know the domain and their pool', () => {
    expect(
      violations(
        (f) => f.startsWith('workers/'),
        (t) => startsWithAny(t, [lib('domain'), 'node:worker_threads', 'piscina', 'workers/']),
      ),
    ).toEqual([]);
  });

  it('contracts know the domain and zod; format knows the domain and contracts', () => {
    expect(
      violations(
        (f) => f.startsWith(lib('contracts')),
        (t) => startsWithAny(t, [lib('contracts'), lib('domain'), 'zod']),
      ),
    ).toEqual([]);
    expect(
      violations(
        (f) => f.startsWith(lib('format')),
        (t) => startsWithAny(t, [lib('format'), lib('contracts'), lib('domain')]),
      ),
    ).toEqual([]);
  });

  it('server knows no component, no page and nothing of the browser', () => {
    expect(
      violations(
        (f) => f.startsWith(lib('server')),
        (t) => !isOurs(t) || startsWithAny(t, [lib('server'), lib('domain'), lib('contracts')]),
      ),
    ).toEqual([]);
  });

  it('a service sees another service only through its index, and never the feed', () => {
    const services = lib('server/services');
    const roomOf = (path: string) => path.slice(services.length).split('/')[0];
    expect(
      violations(
        (f) => f.startsWith(services),
        (target, file) =>
          !target.startsWith(services) || roomOf(target) === roomOf(file) || /\/index\.ts$/.test(target),
      ),
    ).toEqual([]);
    expect(
      violations(
        (f) => f.startsWith(services),
        (t) => !t.startsWith(lib('server/feed')),
      ),
    ).toEqual([]);
  });

  it('only hooks start the runtime', () => {
    expect(
      violations(
        (f) => f !== 'src/lib/server/hooks.ts',
        (t) => t !== 'src/lib/server/runtime.ts',
      ),
    ).toEqual([]);
  });

  it('live knows domain, contracts and the browser; components know no server', () => {
    expect(
      violations(
        (f) => f.startsWith(lib('live')),
        (t) => !isOurs(t) || startsWithAny(t, [lib('live'), lib('domain'), lib('contracts')]),
      ),
    ).toEqual([]);
    expect(
      violations(
        (f) => f.startsWith(lib('components')),
        (t) => !t.startsWith(lib('server')) && !t.startsWith('src/routes/'),
      ),
    ).toEqual([]);
    expect(
      violations(
        (f) => f.startsWith(lib('components/ui')),
        (t) =>
          !t.startsWith(lib('components')) ||
          t.startsWith(lib('components/ui')) ||
          t.startsWith(lib('components/styles')),
      ),
    ).toEqual([]);
  });

  it('server sides of routes speak to services, never to the database', () => {
    const allowed = [
      lib('server/services'),
      lib('server/auth'),
      'src/lib/server/error-mapping.ts',

      lib('contracts'),
      lib('domain'),
      lib('format'),
      'src/routes/',
    ];
    expect(
      violations(
        (f) => f.startsWith('src/routes/') && /(\.server|\+server)\.ts$/.test(f),
        (target, file) =>
          (!isOurs(target) && !target.startsWith('drizzle') && target !== 'postgres') ||
          startsWithAny(target, allowed) ||
          (file.startsWith('src/routes/api/v1/feed/') && target.startsWith(lib('server/feed'))),
      ),
    ).toEqual([]);
  });

  it('no cycles between the rooms of the server', () => {
    const room = (path: string) => /^src\/lib\/server\/(services\/[^/]+|[^/]+)\//.exec(path)?.[1];
    const edges = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      const from = room(file);
      const to = room(target);
      if (from === undefined || to === undefined || from === to) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
    const cycles: string[] = [];
    const walk = (at: string, path: string[]) => {
      if (path.includes(at)) return void cycles.push([...path.slice(path.indexOf(at)), at].join(' → '));
      for (const next of edges.get(at) ?? []) if (path.length < 12) walk(next, [...path, at]);
    };
    for (const from of edges.keys()) walk(from, []);
    expect([...new Set(cycles)]).toEqual([]);
  });
});

/** Ages and pauses by a clock that can be set come out wrong, or negative, when it is (FEED F18). */
const WALL_CLOCK = String.raw`[\w.#]*(?<!performance)\.now\(\)`;

/** Where a text compares the wall clock, or takes anything but a constant away from what it read there. */
function agesByTheWallClock(text: string): string[] {
  const kept = new RegExp(String.raw`(?:const|let) (\w+) = ${WALL_CLOCK};`, 'g');
  const names = [...text.matchAll(kept)].map(([, name = '']) => String.raw`\b${name}\b`);
  const reading = `(?:${[WALL_CLOCK, ...names].join('|')})`;
  const age = String.raw`${reading}\s*-(?!\s*[A-Z][A-Z\d_]+\b)|-\s+${reading}`;
  const compared = String.raw`${WALL_CLOCK}\s*[<>]|(?:(?<!=)>|<)=?\s*${WALL_CLOCK}`;
  return [...text.matchAll(new RegExp(`${age}|${compared}`, 'g'))].map(([found]) => found);
}

describe('the server waits by a clock that nobody can set', () => {
  it('knows an age by the wall clock when it sees one', () => {
    const wrong = [
      'app.now() - lookedAt < GAP_MS',
      'Math.max(0, at + GAP_MS - ctx.app.now())',
      'while (Date.now() < deadline)',
      'const now = this.#options.now(); if (now - this.#at < FRESH_MS)',
    ];
    expect(wrong.map((text) => agesByTheWallClock(text).length)).toEqual([1, 1, 1, 1]);
    const right = [
      'performance.now() - lookedAt',
      'new Date(ctx.now() - THEN_DAYS * DAY_MS)',
      'now: () => Date.now()',
    ];
    expect(right.flatMap(agesByTheWallClock)).toEqual([]);
  });

  it('and has none', () => {
    const found = files
      .filter((file) => file.startsWith(lib('server')) || file.startsWith('workers/'))
      .flatMap((file) =>
        agesByTheWallClock(readFileSync(join(root, file), 'utf8')).map((age) => `${file}: ${age}`),
      );
    expect(found).toEqual([]);
  });
});
