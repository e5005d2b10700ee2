import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Action, Scene, View } from '../core/scene.ts';
import { pageHeaders, refuse } from './gate.ts';
import { startNews } from './news.ts';

/*
 * The playground: page.html and its scripts ask `/setup` once, then `/scenes/:name/view` whenever `/events` says that
 * a scene has changed, and post what the visitor does to `/scenes/:name/act`.
 */

export interface PlaygroundOptions {
  /** The address to listen on; 127.0.0.1 unless it runs in a container. Browsers reach it as 127.0.0.1 all the same. */
  readonly host?: string;
  /** 0: the system picks one. */
  readonly port: number;
  /** The emulated platforms; a platform that is real has none. */
  readonly scenes: readonly Scene[];
  /** Each outside system and what stands there, shown as a quiet line: `{ system: 'Redis', state: 'real' }`. */
  readonly about: readonly { readonly system: string; readonly state: string }[];
}

export interface Playground extends AsyncDisposable {
  /** scheme://host:port, without a slash at its end. */
  readonly url: string;
}

/** Starts the playground. Rejects with the system's error (EADDRINUSE) when the port is taken. */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const files = await readFiles();
  const news = startNews(options.scenes);
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, { error: `The playground broke: ${wordsOf(error)}` });
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuse(request);
    if (refusal !== undefined) return send(response, refusal.status, { error: refusal.words });
    const url = new URL(request.url ?? '/', 'http://playground');
    const call = `${request.method} ${url.pathname}`;
    const file = files.get(call);
    if (file !== undefined) return sendFile(response, file);
    if (call === 'GET /setup') return send(response, 200, setup(options));
    if (call === 'GET /events') {
      response.writeHead(200, { ...pageHeaders, 'content-type': 'text/event-stream' });
      return news.follow(response);
    }
    const [, verb, name, what] = /^(GET|POST) \/scenes\/(\w+)\/(view|act)$/.exec(call) ?? [];
    const scene = options.scenes.find((known) => known.name === name);
    if (scene === undefined) return send(response, 404, { error: 'No such page.' });
    const person = findPerson(scene, url.searchParams.get('as') ?? '');
    if (person === undefined) return send(response, 404, { error: `Nobody of that name is in ${scene.name}.` });
    if (verb === 'GET' && what === 'view')
      return send(response, 200, { me: person.id, view: scene.view(person.id) satisfies View });
    if (verb === 'POST' && what === 'act') return act(scene, person.id, request, response);
    return send(response, 405, { error: 'A view is read with GET, an action is sent with POST.' });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  }).catch((error: unknown) => {
    news[Symbol.dispose]();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      news[Symbol.dispose]();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const actionSchema: z.ZodType<Action> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('say'),
    channel: z.string(),
    thread: z.string().exactOptional(),
    repliesTo: z.string().exactOptional(),
    text: z.string(),
  }),
  z.strictObject({ kind: z.literal('command'), channel: z.string(), text: z.string() }),
  z.strictObject({ kind: z.literal('click'), message: z.string(), button: z.string() }),
]);

/** Does the action; a refusal of the emulated client comes back as 422 with its words. */
async function act(scene: Scene, person: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return send(response, 413, { error: 'That is too long to send.' });
  const action = actionSchema.safeParse(parseJson(body));
  if (!action.success) return send(response, 400, { error: `Not an action: ${z.prettifyError(action.error)}` });
  try {
    await scene.act(person, action.data);
  } catch (error) {
    return send(response, 422, { error: wordsOf(error) });
  }
  send(response, 200, {});
}

function setup({ scenes, about }: PlaygroundOptions) {
  return { scenes: scenes.map((scene) => ({ name: scene.name, people: peopleOf(scene) })), about };
}

/** Who is in a scene is the same for everybody, so it is asked for without being anybody. */
function peopleOf(scene: Scene) {
  return scene.view('').people.map((person) => ({ ...person, key: person.name.toLowerCase().replaceAll(/\s+/g, '-') }));
}

/** The same visitor has another id on each platform; a name in the address means both. */
function findPerson(scene: Scene, as: string) {
  return peopleOf(scene).find((person) => person.key === as || person.id === as);
}

const fileNames = [
  'page.html',
  'page.css',
  'pane.css',
  'messages.css',
  'threads.css',
  'markup.css',
  'composer.css',
  'page.js',
  'wire.js',
  'place.js',
  'pane.js',
  'messages.js',
  'message.js',
  'composer.js',
  'suggestions.js',
  'target.js',
  'markup.js',
  'element.js',
];
const fileTypes = { html: 'text/html', css: 'text/css', js: 'text/javascript' } as const;

interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Every file that the page consists of, by the call that asks for it; nothing else on the disk can be asked for. */
async function readFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = await Promise.all(
    fileNames.map(async (name) => {
      const ending = name.endsWith('.html') ? 'html' : name.endsWith('.css') ? 'css' : 'js';
      const bytes = await readFile(new URL(name, import.meta.url));
      return [`GET /${name === 'page.html' ? '' : name}`, { type: fileTypes[ending], bytes }] as const;
    }),
  );
  return new Map(files);
}

function sendFile(response: ServerResponse, { type, bytes }: PageFile): void {
  response.writeHead(200, { ...pageHeaders, 'content-type': `${type}; charset=utf-8` });
  response.end(bytes);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...pageHeaders, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

/** A long chat message in JSON is far below this. */
const bodyLimit = 512 * 1024;

/** The body as text, or undefined when it is longer than anybody would type. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
  }
  return size > bodyLimit ? undefined : Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
