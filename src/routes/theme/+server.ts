import { redirect } from '@sveltejs/kit';
import { cameOverHttps } from '#lib/server/auth/session-cookie.ts';
import { localPath } from '#lib/server/auth/visitor.ts';
import type { RequestHandler } from './$types';

const THEMES = new Set(['light', 'dark', 'system']);
const YEAR_SECONDS = 31_536_000;

/** Keeps the chosen theme without JavaScript, and goes back to where it was chosen. */
export const POST: RequestHandler = async ({ request, cookies, locals }) => {
  const form = await request.formData();
  const theme = String(form.get('theme') ?? '');
  if (THEMES.has(theme)) {
    cookies.set('theme', theme, {
      path: '/',
      maxAge: YEAR_SECONDS,
      httpOnly: false,
      sameSite: 'lax',
      secure: cameOverHttps(request.headers, locals.app.env.ORIGIN),
    });
  }
  redirect(303, localPath(String(form.get('to') ?? '/')));
};
