/** What of a connection the browser's own events steer. */
export interface Steered {
  connect(): unknown;
  disconnect(): void;
  reconnect(): void;
  wentOffline(): void;
}

/** Lets a feed know what the browser knows of the network and of the page. Returns the way to stop. */
export function watchBrowser(feed: Steered): () => void {
  let asleep = false;
  // A page put aside, for "back" or to save power, must not hold a connection; it continues by its cursor when it
  // comes back.
  const putAside = () => {
    asleep = true;
    feed.disconnect();
  };
  const comeBack = () => {
    if (!asleep) return;
    asleep = false;
    feed.connect();
  };
  const online = () => feed.reconnect();
  const offline = () => feed.wentOffline();
  const visible = () => {
    if (document.visibilityState === 'visible') feed.reconnect();
  };
  const ends = [
    listen(window, 'online', online),
    listen(window, 'offline', offline),
    listen(window, 'pagehide', putAside),
    listen(window, 'pageshow', comeBack),
    listen(document, 'freeze', putAside),
    listen(document, 'resume', comeBack),
    listen(document, 'visibilitychange', visible),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function listen(target: EventTarget, type: string, hear: () => void): () => void {
  target.addEventListener(type, hear);
  return () => target.removeEventListener(type, hear);
}
