import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { describe, expect, it } from 'vitest';
import type { Problem } from '#lib/contracts/problem.ts';
import { actionFailure, apiHandler, problemResponse } from '#lib/server/error-mapping.ts';
import { AppError, conflict, invalid, notFound } from '#lib/server/errors.ts';

const event = { locals: { requestId: 'r' } } as RequestEvent;
const bodyOf = async (response: Response) => (await response.json()) as Problem;

describe('problem details', () => {
  it('carry the code, the words and the issues', async () => {
    const response = problemResponse(invalid([{ index: 2, path: 'subject', message: 'Missing.' }]), 'r');
    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await bodyOf(response)).toMatchObject({
      type: 'urn:telltale:problem:validation',
      status: 422,
      code: 'VALIDATION',
      issues: [{ index: 2, path: 'subject', message: 'Missing.' }],
    });
  });

  it('say when to try again, and how to authenticate', () => {
    const limited = problemResponse(
      new AppError('RATE_LIMITED', 'Slow down.', { retryAfterSeconds: 3 }),
      'r',
    );
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3']);
    expect(
      problemResponse(new AppError('UNAUTHENTICATED', 'No key.'), 'r').headers.get('www-authenticate'),
    ).toMatch(/^Bearer/);
  });

  it('tell nothing of a fault of ours but an id', async () => {
    const problem = await bodyOf(problemResponse(new Error('password=hunter2 at row 7'), 'r'));
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(problem.errorId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it.each(['CONNECTION_CLOSED', 'CONNECT_TIMEOUT', 'ECONNREFUSED', '57P01', '08006'])(
    'say when to try again while the database is away (%s)',
    async (code) => {
      const lost = Object.assign(new Error('write 10.0.0.7:5432'), { code });
      for (const thrown of [lost, new Error('Failed query', { cause: lost })]) {
        const response = problemResponse(thrown, 'r');
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
        const problem = await bodyOf(response);
        expect(problem.code).toBe('UNAVAILABLE');
        expect(JSON.stringify(problem)).not.toContain('10.0.0.7');
      }
      expect(actionFailure(lost, {}).status).toBe(503);
      expect(problemResponse(Object.assign(new Error('x'), { code: '23505' }), 'r').status).toBe(500);
    },
  );

  it('come from a wrapped handler, and redirects pass', async () => {
    const refused = await apiHandler(() => Promise.reject(notFound('outcome')))(event);
    expect(refused.status).toBe(404);
    const tooLarge = await apiHandler(() => error(413, 'Too big.'))(event);
    expect(await bodyOf(tooLarge)).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    await expect(apiHandler(() => redirect(303, '/login'))(event)).rejects.toMatchObject({
      location: '/login',
    });
  });
});

describe('the failure of a form action', () => {
  it('keeps what was typed', () => {
    const failure = actionFailure(conflict('Taken.'), { name: 'Calls' });
    expect(failure).toMatchObject({
      status: 409,
      data: { values: { name: 'Calls' }, issues: [], message: 'Taken.' },
    });
  });

  it('is not made of errors nobody expected', () => {
    expect(() => actionFailure(new Error('disk'), {})).toThrow('disk');
  });
});
