import http from 'node:http';
import https from 'node:https';
import type { z } from 'zod';
import { TransientError, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Credentials, findCredentials, remedy } from './credentials.ts';
import { broken, GoogleError, refusal } from './errors.ts';

export interface GoogleSettings {
  readonly project: string;
  readonly location: string;
  /** scheme://host:port; absent: the real regional host. */
  readonly vertexApiEndpoint?: string | undefined;
  readonly storageApiEndpoint?: string | undefined;
}

export interface GoogleRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** From the call to the last byte of the answer, waiting for a connection or a token included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface GoogleReply {
  readonly body: Buffer;
  /** The body as JSON of this shape; throws TransientError for anything else, for a whole answer has it. */
  json<Schema extends z.ZodType>(schema: Schema): z.infer<Schema>;
}

export interface Google extends AsyncDisposable {
  readonly project: string;
  readonly location: string;
  /** scheme://host:port, without a slash at its end. */
  readonly vertexUrl: string;
  readonly storageUrl: string;
  /**
   * One call with our credentials. Throws TransientError for what can pass (429, 5xx, timeouts, broken connections),
   * GoogleError for every other refusal, and the signal's reason when aborted.
   */
  request(call: GoogleRequest): Promise<GoogleReply>;
}

/** Connections for each host; more calls at a time wait for one, within their own deadline. */
const mostSockets = 64;
/** Google's front ends keep an idle connection for about 10 minutes; we let go first, so that none breaks in our hand. */
const idleMs = 60_000;
/** Larger than any tokenizer.json, far smaller than a worker's memory. */
const mostBytes = 64 * 1024 * 1024;

type Agents = Readonly<Record<'http:' | 'https:', http.Agent>>;

/** Finds credentials, tries them once, and opens the pool. Throws a UserError of one line when they do not do. */
export async function createGoogle(settings: GoogleSettings, deps: { readonly log: Log }): Promise<Google> {
  const { project, location } = settings;
  const credentials = await findCredentials(project);
  const pool = { keepAlive: true, maxSockets: mostSockets, timeout: idleMs, scheduling: 'lifo' } as const;
  const agents: Agents = { 'http:': new http.Agent(pool), 'https:': new https.Agent(pool) };
  const google: Google = {
    project,
    location,
    vertexUrl: origin(settings.vertexApiEndpoint ?? `https://${location}-aiplatform.googleapis.com`),
    storageUrl: origin(settings.storageApiEndpoint ?? 'https://storage.googleapis.com'),
    request: (call) => authorized(call, credentials, agents),
    async [Symbol.asyncDispose]() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
  try {
    await tryOut(google, deps.log);
  } catch (error) {
    await google[Symbol.asyncDispose]();
    throw error;
  }
  return google;
}

function origin(url: string): string {
  return new URL(url).origin;
}

/**
 * Asks Vertex AI one harmless thing. Only what says "these credentials, or this project, will never do" stops the start:
 * a service account that may do nothing but predict is refused here too, and Google being away can pass.
 */
async function tryOut(google: Google, log: Log): Promise<void> {
  const url = `${google.vertexUrl}/v1/projects/${google.project}/locations/${google.location}/endpoints?pageSize=1`;
  try {
    await google.request({ method: 'GET', url, timeoutMs: 10_000 });
  } catch (error) {
    if (error instanceof GoogleError && error.status === 401)
      throw new UserError(`Google refuses the credentials: ${firstLine(error.message)} ${remedy}.`, { cause: error });
    if (error instanceof GoogleError && /has not been used in project|is disabled|SERVICE_DISABLED/.test(error.message))
      throw new UserError(
        `Vertex AI is switched off in project ${google.project} (GOOGLE_CLOUD_PROJECT): run \`gcloud services enable aiplatform.googleapis.com --project ${google.project}\`.`,
        { cause: error },
      );
    log.warn({ err: error }, 'Vertex AI did not answer the first question; going on');
  }
}

function firstLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}

/** A refused token is looked for anew, once: it may have been revoked, or the account exchanged. */
async function authorized(call: GoogleRequest, credentials: Credentials, agents: Agents): Promise<GoogleReply> {
  call.signal?.throwIfAborted();
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const { host } = new URL(call.url);
  const late = new TransientError(`${host} did not answer within ${call.timeoutMs} ms.`);
  const timer = setTimeout(() => giveUp.abort(late), call.timeoutMs);
  const leave = () => giveUp.abort(call.signal?.reason);
  call.signal?.addEventListener('abort', leave);
  try {
    const headers = await until(signal, credentials.headers());
    const first = await exchange(call, headers, signal, agents);
    if (first.status !== 401) return accept(first);
    await until(signal, credentials.renew(headers));
    return accept(await exchange(call, await until(signal, credentials.headers()), signal, agents));
  } catch (error) {
    throw signal.aborted ? signal.reason : broken(error, host);
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', leave);
  }
}

interface Exchange {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

function accept(answer: Exchange): GoogleReply {
  const { status, retryAfter, body } = answer;
  if (status < 200 || status > 299) throw refusal(status, retryAfter, body);
  return {
    body,
    json(schema) {
      try {
        return schema.parse(JSON.parse(body.toString('utf8')));
      } catch (error) {
        throw new TransientError('Google answered in a shape that it does not have.', { cause: error });
      }
    },
  };
}

function exchange(
  call: GoogleRequest,
  authorization: Readonly<Record<string, string>>,
  signal: AbortSignal,
  agents: Agents,
): Promise<Exchange> {
  const url = new URL(call.url);
  const secure = url.protocol === 'https:';
  const payload = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  const type = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
  const options = {
    method: call.method,
    headers: { ...authorization, ...type, accept: 'application/json' },
    agent: agents[secure ? 'https:' : 'http:'],
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > mostBytes) request.destroy(new Error(`${url.host} sends more than ${mostBytes} bytes.`));
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, retryAfter: headers['retry-after'], body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end(payload);
  });
}

/** The promise, or the signal's reason as soon as it is aborted. */
function until<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
