import type { FeedClient } from './feed-client.ts';

/** Lets a feed know what the browser knows of the network and of the page. Returns the way to stop. */
export function watchBrowser(feed: FeedClient): () => void {
  const online = () => feed.reconnect();
  const offline = () => feed.wentOffline();
  const visible = () => {
    if (document.visibilityState === 'visible') feed.reconnect();
  };
  // A page put aside for "back" must not hold a connection; it continues by its cursor when it comes back.
  const hide = () => feed.stop();
  const show = (event: PageTransitionEvent) => {
    if (event.persisted) feed.start();
  };
  window.addEventListener('online', online);
  window.addEventListener('offline', offline);
  window.addEventListener('pagehide', hide);
  window.addEventListener('pageshow', show);
  document.addEventListener('visibilitychange', visible);
  return () => {
    window.removeEventListener('online', online);
    window.removeEventListener('offline', offline);
    window.removeEventListener('pagehide', hide);
    window.removeEventListener('pageshow', show);
    document.removeEventListener('visibilitychange', visible);
  };
}
