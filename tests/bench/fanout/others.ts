import { createServer, type RequestListener, type Server } from 'node:http';
import { setResponse } from '@sveltejs/kit/node';
import { createChannel, createSession } from 'better-sse';
import { Server as SocketIo } from 'socket.io';
import { produce, type Emitter } from 'sveltekit-sse';
import { WebSocketServer } from 'ws';
import { eventBody } from './protocol.ts';

export interface Candidate {
  http: Server;
  token: string;
  workspaceId: string;
  publish(n: number): void;
}

const candidate = (http: Server, publish: (n: number) => void): Candidate => ({
  http,
  token: '',
  workspaceId: '',
  publish,
});
const server = (listener: RequestListener = () => undefined) => createServer(listener);

/** What others offer for one event to everybody, each used as its documentation says. They keep no history. */
export const OTHERS = {
  ws() {
    const http = server();
    const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
    return candidate(http, (n) => {
      const text = JSON.stringify(eventBody(n, 4));
      for (const socket of sockets.clients) socket.send(text);
    });
  },
  'socket.io'() {
    const http = server();
    const io = new SocketIo(http, { transports: ['websocket'], serveClient: false });
    return candidate(http, (n) => void io.emit('delta', eventBody(n, 16)));
  },
  'better-sse'() {
    const channel = createChannel();
    const http = server((request, response) => {
      void createSession(request, response).then((session) => channel.register(session));
    });
    return candidate(http, (n) => void channel.broadcast(eventBody(n, 64), 'delta'));
  },
  'sveltekit-sse'() {
    const emitters = new Set<Emitter>();
    const http = server((_, response) => {
      const answer = produce(({ emit }) => {
        emitters.add(emit);
        // Without a first event its headers stay on the server.
        emit('hello', '');
        return () => void emitters.delete(emit);
      });
      void setResponse(response, answer);
    });
    return candidate(http, (n) => {
      const text = JSON.stringify(eventBody(n, 30));
      for (const emit of emitters) emit('delta', text);
    });
  },
} satisfies Record<string, () => Candidate>;
