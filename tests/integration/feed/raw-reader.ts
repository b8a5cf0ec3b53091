import { request, type IncomingMessage } from 'node:http';

export interface Frame {
  id?: string;
  event?: string;
  retry?: number;
  data: string;
  json: Record<string, unknown>;
}

/** Reads a stream as curl does: bytes of a GET, cut at empty lines. Nothing reconnects by itself. */
export class RawReader {
  frames: Frame[] = [];
  text = '';
  ended = false;
  status = 0;
  headers: IncomingMessage['headers'] = {};
  firstByteMs: number | null = null;
  #rest = '';
  #response: IncomingMessage | null = null;
  readonly #request;
  #changed: (() => void)[] = [];

  constructor(
    url: string,
    key: { token: string },
    options: { headers?: Record<string, string>; pause?: boolean; method?: string } = {},
  ) {
    const begun = performance.now();
    this.#request = request(url, {
      agent: false,
      method: options.method ?? 'GET',
      headers: { authorization: `Bearer ${key.token}`, accept: 'text/event-stream', ...options.headers },
    });
    this.#request.on('response', (response) => {
      this.#response = response;
      this.status = response.statusCode ?? 0;
      this.headers = response.headers;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        this.firstByteMs ??= performance.now() - begun;
        this.#read(chunk);
      });
      response.on('close', () => this.#end());
      if (options.pause === true) response.pause();
    });
    this.#request.on('error', () => this.#end());
    this.#request.end();
  }

  #read(chunk: string): void {
    this.text += chunk;
    this.#rest += chunk;
    for (let at = this.#rest.indexOf('\n\n'); at >= 0; at = this.#rest.indexOf('\n\n')) {
      this.frames.push(parseFrame(this.#rest.slice(0, at)));
      this.#rest = this.#rest.slice(at + 2);
    }
    this.#notify();
  }

  #end(): void {
    this.ended = true;
    this.#notify();
  }

  #notify(): void {
    for (const changed of this.#changed.splice(0)) changed();
  }

  get deltas(): Frame[] {
    return this.frames.filter((frame) => frame.event === 'delta');
  }
  of(event: string): Frame[] {
    return this.frames.filter((frame) => frame.event === event);
  }
  keys(): string[] {
    return this.deltas.map((frame) => String(frame.json['key']));
  }

  /** Waits until the condition holds. @throws after the deadline, with the last frames seen */
  async until(condition: (reader: this) => boolean, deadlineMs = 30_000): Promise<this> {
    const end = Date.now() + deadlineMs;
    while (!condition(this)) {
      const left = end - Date.now();
      if (left <= 0) throw new Error(`Not within ${deadlineMs} ms. Seen: ${this.text.slice(-2_000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this;
  }

  /** Drops what was read so far. */
  forget(): void {
    this.frames = [];
    this.text = '';
  }

  resume(): void {
    this.#response?.resume();
  }
  pause(): void {
    this.#response?.pause();
  }

  close(): void {
    this.#request.destroy();
  }
}

function parseFrame(block: string): Frame {
  const frame: Frame = { data: '', json: {} };
  let dataLines = 0;
  for (const line of block.split('\n')) {
    const [, field, value] = /^([a-z]+): (.*)$/s.exec(line) ?? [];
    if (field === undefined || value === undefined)
      throw new Error(`Not a line of a frame: ${JSON.stringify(line)}`);
    if (field === 'id') frame.id = value;
    else if (field === 'event') frame.event = value;
    else if (field === 'retry') frame.retry = Number(value);
    else if (field === 'data') {
      dataLines += 1;
      frame.data = value;
    } else throw new Error(`Unknown field ${field}`);
  }
  if (dataLines !== 1) throw new Error(`${dataLines} data lines in ${JSON.stringify(block)}`);
  frame.json = JSON.parse(frame.data) as Record<string, unknown>;
  return frame;
}
