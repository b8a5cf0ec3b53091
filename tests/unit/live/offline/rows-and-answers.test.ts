import { describe, expect, it } from 'vitest';
import { keptExternalId } from '#lib/contracts/outcome-form.ts';
import type { KeptOutcome } from '#lib/contracts/kept-outcome.ts';
import { optimisticBeside } from '#lib/live/offline/beside.ts';
import { sendOutcome } from '#lib/live/offline/send-outcome.ts';
import { SentOutcomes } from '#lib/live/offline/sent-outcomes.ts';
import type { UnsentOutcome } from '#lib/live/offline/unsent-outcome.ts';

const entry = (seq: number, change: Partial<UnsentOutcome> = {}): UnsentOutcome => ({
  seq,
  owner: 'w1/u1',
  values: {
    subject: `client ${seq}`,
    variant: '',
    journeyId: '',
    result: 'success',
    value: '',
    when: 'Now',
    note: '',
    attributes: [],
    extra: [],
    another: false,
    once: `k${seq}`,
  },
  recordedAt: 1_000,
  attempts: 0,
  version: 1,
  uncertain: null,
  trouble: null,
  ...change,
});
const sentOf = (seq: number, at = 0) => ({ id: `id${seq}`, entry: entry(seq), at });
const shown = (id: string, externalId: string | null = null) => ({ id, externalId });

describe('rows beside those of the server', () => {
  it('are newest first, and say what they wait for', () => {
    const held = entry(1, { trouble: { kind: 'refused', message: '', issues: [] } });
    const rows = optimisticBeside([held, entry(3)], [sentOf(2)], []);
    expect(rows.map(({ entry: { seq }, state }) => [seq, state])).toEqual([
      [3, 'waiting'],
      [2, 'sent'],
      [1, 'held'],
    ]);
  });

  it('give way to the row that came, by its id or by its key', () => {
    expect(optimisticBeside([], [sentOf(1)], [shown('id1')])).toEqual([]);
    expect(optimisticBeside([], [sentOf(1)], [shown('x', keptExternalId('k1'))])).toEqual([]);
    expect(optimisticBeside([entry(1)], [], [shown('x', keptExternalId('k1'))])).toEqual([]);
    expect(optimisticBeside([entry(1)], [], [shown('x', 'k1')])).toHaveLength(1);
  });

  it('are never two for one', () => {
    expect(optimisticBeside([entry(1)], [sentOf(1)], [])).toMatchObject([{ state: 'sent' }]);
  });
});

describe('what was sent', () => {
  it('is a row until its echo comes, in whichever order they come', () => {
    const book = new SentOutcomes();
    book.take(sentOf(1));
    expect(book.rows).toHaveLength(1);
    book.echo([shown('id1', keptExternalId('k1')), shown('other')].map(({ externalId }) => ({ externalId })));
    expect(book.rows).toEqual([]);
    book.echo([{ externalId: keptExternalId('k2') }]);
    book.take(sentOf(2));
    expect(book.rows).toEqual([]);
  });

  it('tells the form its id, whichever tab sent it', () => {
    const book = new SentOutcomes();
    book.expect('k1');
    expect(book.idOf('k1')).toBeNull();
    book.expect('k1');
    book.take(sentOf(1));
    expect(book.idOf('k1')).toBe('id1');
    expect(book.idOf('k1')).toBeNull();
  });

  it('that never echoes is no row for ever', () => {
    const book = new SentOutcomes();
    book.take(sentOf(1, 0));
    book.take(sentOf(2, 60_000));
    expect(book.rows.map(({ id }) => id)).toEqual(['id1', 'id2']);
    book.forgetBefore(60_000);
    expect(book.rows.map(({ id }) => id)).toEqual(['id2']);
    book.forgetBefore(60_001);
    expect(book.rows).toEqual([]);
  });
});

describe('the answer to a sending', () => {
  const to = { slug: 'the calls', workspaceId: 'w1', userId: 'u1' };
  const answerTo = (respond: () => Response | Promise<Response>) =>
    sendOutcome(
      to,
      entry(1),
      () => 9_000,
      () => Promise.resolve().then(respond),
    );
  const problem = (status: number, body: object = {}, headers: Record<string, string> = {}) =>
    answerTo(() =>
      Response.json(body, { status, headers: { 'content-type': 'application/problem+json', ...headers } }),
    );

  it('carries whose it is, and both times by this clock', async () => {
    let sent: [string, KeptOutcome] | null = null;
    await sendOutcome(
      to,
      entry(1),
      () => 9_000,
      (url, init) => {
        sent = [String(url), JSON.parse(String(init?.body)) as KeptOutcome];
        return Promise.resolve(Response.json({ id: 'x', duplicate: false }, { status: 201 }));
      },
    );
    expect(sent).toMatchObject([
      '/w/the%20calls/outcomes/new/send',
      { workspace: 'w1', user: 'u1', recordedAt: 1_000, sentAt: 9_000, values: { once: 'k1' } },
    ]);
  });

  it('is saved only by our own answer', async () => {
    const saved = await answerTo(() => Response.json({ id: 'x', duplicate: true }, { status: 201 }));
    expect(saved).toEqual({ kind: 'saved', id: 'x', duplicate: true });
    const network = { kind: 'later', reason: 'network', afterMs: null };
    expect(await answerTo(() => new Response('<h1>Hotel</h1>', { status: 201 }))).toEqual(network);
    expect(await answerTo(() => new Response('<h1>Hotel</h1>', { status: 200 }))).toEqual(network);
    expect(await answerTo(() => new Response('<h1>Blocked</h1>', { status: 403 }))).toEqual(network);
    expect(await answerTo(() => Promise.reject(new TypeError('fetch failed')))).toEqual(network);
    expect(await answerTo(() => Promise.reject(new DOMException('', 'TimeoutError')))).toEqual(network);
  });

  it.each([
    [401, {}, { kind: 'login' }],
    [403, {}, { kind: 'forbidden', message: 'Why.' }],
    [404, {}, { kind: 'forbidden', message: 'Why.' }],
    [422, {}, { kind: 'held', trouble: { kind: 'refused', issues: [{ path: 'value' }] } }],
    [413, {}, { kind: 'held', trouble: { kind: 'refused', message: 'Why.' } }],
    [409, {}, { kind: 'held', trouble: { kind: 'saved-before' } }],
    [409, { 'retry-after': '1' }, { kind: 'later', reason: 'busy', afterMs: 1_000 }],
    [429, { 'retry-after': '2' }, { kind: 'later', reason: 'busy', afterMs: 2_000 }],
    [503, { 'retry-after': '2' }, { kind: 'later', reason: 'busy', afterMs: 2_000 }],
    [503, { 'retry-after': '2592000' }, { kind: 'later', reason: 'busy', afterMs: 30_000 }],
    [503, { 'retry-after': '0' }, { kind: 'later', reason: 'busy', afterMs: null }],
    [502, {}, { kind: 'later', reason: 'busy', afterMs: null }],
    [500, {}, { kind: 'later', reason: 'fault', afterMs: null }],
  ])('of status %i with %o is understood', async (status, headers, expected) => {
    const body = { detail: 'Why.', issues: [{ path: 'value', message: 'Digits only.' }] };
    expect(await problem(status, body, headers)).toMatchObject(expected);
  });

  it('throws what is no matter of the network', async () => {
    await expect(answerTo(() => Promise.reject(new RangeError('ours')))).rejects.toThrow('ours');
  });
});
