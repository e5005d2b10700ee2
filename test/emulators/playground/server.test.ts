import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startPlayground } from '../../../emulators/playground/server.ts';
import { createMemoryScene, idsOf } from './memory-scene.ts';

async function start() {
  const scene = createMemoryScene({ name: 'Slack' });
  const playground = await startPlayground({ port: 0, scenes: [scene], about: [{ system: 'Redis', state: 'real' }] });
  return {
    scene,
    url: playground.url,
    [Symbol.asyncDispose]: () => playground[Symbol.asyncDispose](),
  };
}

const { general, leia } = idsOf('Slack');
const hello = { kind: 'say', channel: general, text: 'hello' };

function act(url: string, options: { as?: string; body?: string; headers?: Record<string, string> } = {}) {
  const { as = 'leia', body = JSON.stringify(hello), headers = {} } = options;
  const usual = { origin: url, 'content-type': 'application/json' };
  return fetch(`${url}/scenes/Slack/act?as=${as}`, { method: 'POST', body, headers: { ...usual, ...headers } });
}

/** fetch does not let a caller choose the Host header. */
function statusFor(url: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { method, headers }, async (response) => {
      await text(response);
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end();
  });
}

test('a person is found by the name in the address or by the id, and sees the scene as that person', async () => {
  await using playground = await start();
  playground.scene.post({ channel: general, text: 'for Leia alone' }, leia);
  const view = async (as: string) => (await fetch(`${playground.url}/scenes/Slack/view?as=${as}`)).json();
  expect(await view('leia')).toMatchObject({ me: leia, view: { messages: [{ text: 'for Leia alone' }] } });
  expect(await view(leia)).toMatchObject({ me: leia });
  expect(await view('luke')).toMatchObject({ view: { messages: [] } });
  expect(await view('vader')).toEqual({ error: 'Nobody of that name is in Slack.' });
});

test('what a person does reaches the scene, and its refusal comes back in its words', async () => {
  await using playground = await start();
  expect((await act(playground.url)).status).toBe(200);
  expect(playground.scene.done).toEqual([{ person: leia, action: hello }]);
  const refused = await act(playground.url, {
    body: JSON.stringify({ kind: 'command', channel: general, text: '/sing' }),
  });
  expect(refused.status).toBe(422);
  expect(await refused.json()).toEqual({ error: '/sing is not a valid command.' });
});

test('another web page cannot act: a foreign or missing Origin and any other content type are turned away', async () => {
  await using playground = await start();
  const { url } = playground;
  expect((await act(url, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect((await act(url, { headers: { origin: 'null' } })).status).toBe(403);
  expect((await act(url, { headers: { origin: url.replace(/\d+$/, '1') } })).status).toBe(403);
  expect(await statusFor(url, '/scenes/Slack/act?as=leia', { 'content-type': 'application/json' }, 'POST')).toBe(403);
  expect((await act(url, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  expect(playground.scene.done).toEqual([]);
});

test('a foreign name that resolves to this machine is turned away', async () => {
  await using playground = await start();
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '10.0.0.1'])
    expect(await statusFor(playground.url, '/scenes/Slack/view?as=leia', { host })).toBe(421);
  for (const host of ['localhost:9000', '127.0.0.1', '[::1]:80'])
    expect(await statusFor(playground.url, '/scenes/Slack/view?as=leia', { host })).toBe(200);
});

test('an action that is too long, not JSON or of no known kind is refused before the scene hears of it', async () => {
  await using playground = await start();
  expect((await act(playground.url, { body: JSON.stringify({ ...hello, text: 'x'.repeat(600_000) }) })).status).toBe(
    413,
  );
  expect((await act(playground.url, { body: '{' })).status).toBe(400);
  expect((await act(playground.url, { body: JSON.stringify({ ...hello, kind: 'shout' }) })).status).toBe(400);
  expect((await act(playground.url, { body: JSON.stringify({ ...hello, person: leia }) })).status).toBe(400);
  expect(playground.scene.done).toEqual([]);
});

test('pages may load nothing from elsewhere and stand in no frame', async () => {
  await using playground = await start();
  const policy = (await fetch(playground.url)).headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
});

test('every file of the page is served, and no other file', async () => {
  await using playground = await start();
  const folder = new URL('../../../emulators/playground/', import.meta.url);
  for (const name of await readdir(folder)) {
    const served = await fetch(`${playground.url}/${name === 'page.html' ? '' : name}`);
    const wanted = /\.(html|css|js)$/.test(name);
    expect([name, served.status]).toEqual([name, wanted ? 200 : 404]);
    if (wanted) expect(await served.text()).toBe(await readFile(new URL(name, folder), 'utf8'));
  }
  expect((await fetch(`${playground.url}/%2e%2e/core/server.ts`)).status).toBe(404);
});

test('many changes in a row reach the pages as one piece of news', async () => {
  await using playground = await start();
  const response = await fetch(`${playground.url}/events`);
  if (response.body === null) throw new Error('The events have no body.');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe('retry: 1000\n\n');
  for (const words of ['one', 'two', 'three']) playground.scene.post({ channel: general, text: words });
  expect((await reader.read()).value).toBe('event: change\ndata: {"scene":"Slack"}\n\n');
  playground.scene.post({ channel: general, text: 'four' });
  expect((await reader.read()).value).toBe('event: change\ndata: {"scene":"Slack"}\n\n');
});

test('closing lets go of open pages and of the scene', async () => {
  const scene = createMemoryScene({ name: 'Slack' });
  const playground = await startPlayground({ port: 0, scenes: [scene], about: [] });
  const events = await fetch(`${playground.url}/events`);
  await playground[Symbol.asyncDispose]();
  expect(await events.text()).toBe('retry: 1000\n\n');
  expect(() => scene.post({ channel: general, text: 'nobody listens' })).not.toThrow();
  await expect(fetch(playground.url)).rejects.toThrow();
});

test('a port that is taken is said so', async () => {
  await using playground = await start();
  const port = Number(new URL(playground.url).port);
  await expect(startPlayground({ port, scenes: [], about: [] })).rejects.toThrow(/EADDRINUSE/);
});
