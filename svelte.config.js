import adapter from '@sveltejs/adapter-node';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: ({ filename }) => (filename.includes('node_modules') ? undefined : true) },
  kit: {
    // Compressing costs seconds of the first start; containers, built once and started often, ask for it.
    adapter: adapter({ out: 'build', precompress: process.env['TELLTALE_PRECOMPRESS'] === '1' }),
    // Our own check (src/lib/server/auth/cross-site.ts) also works without ORIGIN on plain http.
    csrf: { trustedOrigins: ['*'] },
    alias: { '#lib': 'src/lib', '#domain': 'src/lib/domain' },
    csp: {
      mode: 'auto',
      directives: {
        'default-src': ['self'],
        'script-src': ['self'],
        'style-src': ['self', 'unsafe-inline'],
        'img-src': ['self', 'data:'],
        'font-src': ['self'],
        'connect-src': ['self'],
        'object-src': ['none'],
        'base-uri': ['self'],
        'form-action': ['self'],
        'frame-ancestors': ['none'],
      },
    },
    version: { pollInterval: 0 },
  },
};
