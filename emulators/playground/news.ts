import type { ServerResponse } from 'node:http';
import type { Scene } from '../core/scene.ts';

/** Tells every open page, by server-sent events, which scene has changed; the page then asks for its view. */
export interface News extends Disposable {
  /** Takes over this response until the page goes away. */
  follow(response: ServerResponse): void;
}

/** One answer of Yoda changes a scene several times in a row; pages hear of it once. */
const gatherMs = 25;
/** Proxies and sleeping laptops drop silent connections; a comment keeps this one awake. */
const heartbeatMs = 15_000;

export function startNews(scenes: readonly Scene[]): News {
  const readers = new Set<ServerResponse>();
  const tell = (text: string) => {
    for (const reader of readers) reader.write(text);
  };
  const waiting = new Map<string, NodeJS.Timeout>();
  const stops = scenes.map((scene) =>
    scene.onChange(() => {
      if (waiting.has(scene.name)) return;
      const timer = setTimeout(() => {
        waiting.delete(scene.name);
        tell(`event: change\ndata: ${JSON.stringify({ scene: scene.name })}\n\n`);
      }, gatherMs);
      waiting.set(scene.name, timer);
    }),
  );
  const heartbeat = setInterval(() => tell(':\n\n'), heartbeatMs);
  return {
    follow(response) {
      response.write('retry: 1000\n\n');
      readers.add(response);
      response.on('close', () => readers.delete(response));
    },
    [Symbol.dispose]: () => {
      for (const stop of stops) stop();
      for (const timer of waiting.values()) clearTimeout(timer);
      clearInterval(heartbeat);
      for (const reader of readers) reader.end();
    },
  };
}
