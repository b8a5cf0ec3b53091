/** Kit ships no types for what it sets up around its hooks. */
declare module '@sveltejs/kit/internal/server' {
  export function with_request_store<T>(store: object, run: () => T): T;
}
