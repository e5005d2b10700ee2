import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { googleReply } from '../../emulators/gcp/errors.ts';
import { UserError } from '../../src/errors.ts';
import { createGoogle, type Google, type GoogleRequest } from '../../src/gcp/client.ts';
import { createLog } from '../../src/log.ts';
import { connect, place, quiet, startEmulated } from './emulated.ts';

const before = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
});

function listEndpoints(google: Google, more: Partial<GoogleRequest> = {}) {
  const url = `${google.vertexUrl}/v1/projects/${google.project}/locations/${google.location}/endpoints`;
  return google.request({ method: 'GET', url, timeoutMs: 3000, ...more });
}

const isUserLine = (words: RegExp) =>
  expect.objectContaining({
    name: 'UserError',
    message: expect.stringMatching(new RegExp(`^[^\\n]*${words.source}[^\\n]*$`)),
  });

test('credentials come from the metadata server, and a token is fetched once for many calls', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  gcp.faults.add({ path: 'service-accounts/default/token', status: 500 });
  const replies = await Promise.all(Array.from({ length: 50 }, () => listEndpoints(google)));
  expect(replies.map((reply) => reply.json(z.object({})))).toHaveLength(50);
});

test('a token that Google no longer knows is exchanged once, however many calls meet it', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  gcp.tokens.revokeAll();
  await Promise.all(Array.from({ length: 20 }, () => listEndpoints(google)));
  gcp.tokens.revokeAll();
  gcp.faults.add({ path: 'service-accounts/default/token', skip: 1, status: 500 });
  await Promise.all(Array.from({ length: 20 }, () => listEndpoints(google)));
});

test('without credentials the start fails with one line that says what to do', async () => {
  const nowhere = await mkdtemp(path.join(tmpdir(), 'no-adc-'));
  process.env.METADATA_SERVER_DETECTION = 'none';
  process.env.CLOUDSDK_CONFIG = nowhere;
  process.env.GOOGLE_APPLICATION_CREDENTIALS = '';
  const starting = createGoogle({ project: 'p', location: 'us-central1' }, { log: quiet });
  await expect(starting).rejects.toEqual(isUserLine(/No credentials.*gcloud auth application-default login/));
});

test('a key file that is missing or is no key fails the start with one line', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bad-adc-'));
  const file = path.join(folder, 'key.json');
  for (const content of [undefined, 'not json', '{"type":"service_account"}']) {
    if (content !== undefined) await writeFile(file, content);
    process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
    const starting = createGoogle({ project: 'p', location: 'us-central1' }, { log: quiet });
    await expect(starting).rejects.toEqual(isUserLine(/No credentials.*GOOGLE_APPLICATION_CREDENTIALS/));
  }
});

test('a metadata server that refuses, or is away, fails the start with one line', async () => {
  await using gcp = await startEmulated();
  gcp.faults.add({ path: 'service-accounts', status: 403, body: 'no service account is attached' });
  await expect(connect(gcp)).rejects.toEqual(isUserLine(/No credentials.*Forbidden/));
  process.env.GCE_METADATA_HOST = '127.0.0.1:9';
  await expect(connect(gcp)).rejects.toEqual(isUserLine(/No credentials/));
});

test('credentials that Vertex AI refuses fail the start with one line', async () => {
  await using gcp = await startEmulated({ tokenLifetimeSeconds: 0 });
  await expect(connect(gcp)).rejects.toEqual(isUserLine(/Google refuses the credentials.*gcloud auth/));
});

test('a project in which Vertex AI is switched off fails the start with the command that switches it on', async () => {
  await using gcp = await startEmulated();
  const words = 'Vertex AI API has not been used in project 1 before or it is disabled. Enable it by visiting …';
  gcp.faults.add({ path: '/endpoints$', ...googleReply('PERMISSION_DENIED', words) });
  await expect(connect(gcp)).rejects.toEqual(isUserLine(/gcloud services enable aiplatform.googleapis.com --project/));
});

test('an account that may do nothing but predict starts, and so does one while Vertex AI is away', async () => {
  await using gcp = await startEmulated();
  gcp.tokens.deny('aiplatform.endpoints.list');
  await using _first = await connect(gcp);
  gcp.tokens.deny(undefined);
  gcp.faults.add({ path: '/endpoints$', ...googleReply('UNAVAILABLE', 'The service is currently unavailable.') });
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const endpoints = { vertexApiEndpoint: gcp.url, storageApiEndpoint: gcp.url };
  await using _second = await createGoogle({ project: place.project, location: place.location, ...endpoints }, { log });
  expect(lines).toHaveLength(1);
});

test('what can pass is a TransientError with the wait that Google asked for', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const seen = [];
  for (const code of ['RESOURCE_EXHAUSTED', 'INTERNAL', 'UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const) {
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' };
    gcp.faults.add({ times: 1, ...googleReply(code, 'later', [retry]) });
    seen.push(await listEndpoints(google).catch((error: unknown) => error));
  }
  gcp.faults.add({ times: 1, status: 502, headers: { 'retry-after': '3' }, body: '<html><b>Bad</b> Gateway</html>' });
  seen.push(await listEndpoints(google).catch((error: unknown) => error));
  expect(seen).toMatchObject([
    ...Array.from({ length: 4 }, () => ({ name: 'TransientError', message: 'Google: later', retryAfterMs: 1500 })),
    { name: 'TransientError', message: 'Google: Bad Gateway', retryAfterMs: 3000 },
  ]);
});

test('what cannot pass is a GoogleError with its status, code and words', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  gcp.tokens.deny('aiplatform.endpoints.list');
  const denied = {
    name: 'GoogleError',
    status: 403,
    code: 'PERMISSION_DENIED',
    message: expect.stringContaining('denied'),
  };
  await expect(listEndpoints(google)).rejects.toMatchObject(denied);
  const storage = google.request({
    method: 'GET',
    url: `${google.storageUrl}/storage/v1/b/nowhere-x`,
    timeoutMs: 3000,
  });
  await expect(storage).rejects.toMatchObject({ name: 'GoogleError', status: 404, code: 'notFound' });
});

test('a broken connection, a refused one and a name that does not resolve can pass', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  for (const drop of ['before', 'after'] as const) {
    gcp.faults.add({ times: 1, drop });
    await expect(listEndpoints(google)).rejects.toMatchObject({ name: 'TransientError' });
  }
  for (const url of ['http://127.0.0.1:9/', 'http://no-such-host.invalid/']) {
    const asked = google.request({ method: 'GET', url, timeoutMs: 8000 });
    await expect(asked).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringContaining(new URL(url).host),
    });
  }
});

test('an answer that breaks off half way can pass, one in another shape too', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  const half = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{"endpoints":');
    setTimeout(() => response.destroy(), 20);
  });
  await new Promise<void>((resolve) => half.listen(0, '127.0.0.1', resolve));
  const { port } = half.address() as AddressInfo;
  const asked = google.request({ method: 'GET', url: `http://127.0.0.1:${port}/`, timeoutMs: 3000 });
  await expect(asked).rejects.toMatchObject({ name: 'TransientError' });
  half.close();
  const reply = await listEndpoints(google);
  expect(() => reply.json(z.object({ endpoints: z.string() }))).toThrow(
    expect.objectContaining({ name: 'TransientError' }),
  );
});

test('a call has its deadline, from waiting for a connection to the last byte', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  gcp.faults.add({ path: '/endpoints$', delayMs: 2000 });
  const started = Date.now();
  const late = { name: 'TransientError', message: expect.stringContaining('did not answer within 150 ms') };
  const calls = Array.from({ length: 100 }, () => listEndpoints(google, { timeoutMs: 150 }));
  for (const call of calls) await expect(call).rejects.toMatchObject(late);
  expect(Date.now() - started).toBeLessThan(1500);
});

test('an aborted call ends at once with the reason, and lets its connection go', async () => {
  await using gcp = await startEmulated();
  await using google = await connect(gcp);
  gcp.faults.add({ path: '/endpoints$', delayMs: 5000, times: 1 });
  const stop = new AbortController();
  const call = listEndpoints(google, { timeoutMs: 10_000, signal: stop.signal });
  const reason = new Error('the message was taken back');
  setTimeout(() => stop.abort(reason), 30);
  await expect(call).rejects.toBe(reason);
  await expect(listEndpoints(google, { signal: stop.signal })).rejects.toBe(reason);
  await expect(listEndpoints(google)).resolves.toBeDefined();
});

test('the words for a person carry no token', async () => {
  await using gcp = await startEmulated({ tokenLifetimeSeconds: 0 });
  const error = await connect(gcp).catch((found: unknown) => found);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).not.toContain('ya29');
});
