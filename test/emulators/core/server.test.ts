import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../../emulators/core/server.ts';

const start = () =>
  startServer({
    routes: [{ method: 'GET', path: '/things/:name', handle: ({ params }) => ({ body: params }) }],
    unknown: () => ({ status: 404, body: 'unknown' }),
    onError: () => ({ status: 500, body: 'broken' }),
  });

describe("the emulators' server", () => {
  test('survives a client that hangs up in the middle of its body', async () => {
    await using server = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('POST /things/a HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await (await fetch(`${server.url}/things/a`)).json()).toEqual({ name: 'a' });
  });

  test('takes a malformed escape as it stands', async () => {
    await using server = await start();
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('GET /things/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toContain('"name":"%zz"');
  });

  test('breaks on purpose: before the call, after it, with a status, for as many calls as told', async () => {
    await using server = await start();
    const ask = () =>
      fetch(`${server.url}/things/a`).then(
        (reply) => reply.status,
        () => 'broken',
      );
    server.faults.add({ path: '/things', status: 429, times: 2, skip: 1 });
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([200, 429, 429, 200]);
    server.faults.add({ drop: 'before', times: 1 });
    server.faults.add({ drop: 'after', times: 1 });
    expect([await ask(), await ask(), await ask()]).toEqual(['broken', 'broken', 200]);
  });
});
