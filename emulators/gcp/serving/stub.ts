import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { ModelServer } from './server.ts';

/** What a scripted container gets to see. */
const requestSchema = z.object({
  instances: z.array(z.record(z.string(), z.unknown())),
  parameters: z.record(z.string(), z.unknown()).optional(),
});
export type StubRequest = z.infer<typeof requestSchema>;

/** A string body goes out as it is, anything else as JSON. */
interface StubReply {
  readonly status: number;
  readonly body: unknown;
}

export type StubAnswer = (request: StubRequest) => StubReply | Promise<StubReply>;

/** A scripted model server over HTTP; `kill` breaks every open connection and refuses new ones until `restartMs` have passed. */
export async function startStub(answer: StubAnswer, restartMs: number): Promise<ModelServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const parsed = requestSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      const replied = parsed.success
        ? Promise.resolve().then(() => answer(parsed.data))
        : Promise.resolve({ status: 400, body: { error: 'invalid_request: not an object with instances' } });
      const failed = (error: unknown): StubReply => ({ status: 500, body: String(error) });
      void replied.catch(failed).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let downUntil = 0;
  return {
    async predict(body) {
      if (Date.now() < downUntil) throw new Error('the model server is down');
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      const response = await fetch(`http://127.0.0.1:${port}/predict`, init);
      return { status: response.status, body: await response.text() };
    },
    kill() {
      downUntil = Date.now() + restartMs;
      server.closeAllConnections();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
