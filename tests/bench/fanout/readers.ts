import { connect } from 'node:net';
import { clock, EVENT_NUMBER, type Collected, type Kind, type ToReaders } from './protocol.ts';

/**
 * Thousands of readers on raw sockets in a process of their own. All count bytes into one shared buffer; only some are
 * looked into, else this process would be what is measured.
 */
const SAMPLED = 16;
const OPENING_AT_ONCE = 100;
const LONGEST_MARK = 24;

let report: Collected = emptyReport();

function emptyReport(): Collected {
  return { bytes: 0, sampledBytes: 0, sampledEvents: 0, arrivals: [], goodbyes: 0, ended: 0 };
}

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;

function greeting(kind: Kind, token: string): string {
  if (kind === 'ws') return upgrade('/');
  if (kind === 'socket.io') return upgrade('/socket.io/?EIO=4&transport=websocket');
  return `GET /api/v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
}

/** socket.io wants the namespace to be joined: the text "40" as a masked frame. */
const JOIN = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

/** Resolves with the first bytes. */
function openReader(kind: Kind, port: number, token: string, sampled: boolean): Promise<void> {
  return new Promise((resolve) => {
    let greeted = false;
    let tail = '';
    const socket = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: shared,
        callback(length, buffer) {
          const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
          report.bytes += length;
          if (!greeted) {
            greeted = true;
            if (kind === 'socket.io') socket.write(JOIN);
            resolve();
          }
          if (length < 400 && chunk.includes('event: goaway')) report.goodbyes += 1;
          if (sampled) tail = look(tail + chunk.toString('latin1'), length);
          return true;
        },
      },
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      report.ended += 1;
    });
    socket.write(greeting(kind, token));
  });
}
const shared = Buffer.alloc(256 * 1024);

/** Notes the events in the text; returns what may be the beginning of the next one. */
function look(text: string, length: number): string {
  const at = clock();
  let end = 0;
  for (const found of text.matchAll(EVENT_NUMBER)) {
    report.arrivals.push([Number(found[1]), at]);
    report.sampledEvents += 1;
    end = found.index + found[0].length;
  }
  report.sampledBytes += length;
  return text.slice(Math.max(end, text.length - LONGEST_MARK));
}

async function open(message: ToReaders & { do: 'open' }): Promise<void> {
  const { kind, port, token, readers } = message;
  const every = Math.ceil(readers / SAMPLED);
  for (let n = 0; n < readers; n += OPENING_AT_ONCE) {
    const some = Array.from({ length: Math.min(OPENING_AT_ONCE, readers - n) }, (_, i) =>
      openReader(kind, port, token, (n + i) % every === 0),
    );
    await Promise.all(some);
  }
  process.send?.('opened');
}

process.on('message', (message: ToReaders) => {
  if (message.do === 'open') void open(message);
  else {
    process.send?.(report);
    report = emptyReport();
  }
});
