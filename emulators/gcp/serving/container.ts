import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { GoogleFault } from '../errors.ts';
import type { ModelServer } from './server.ts';

export interface ContainerOptions {
  readonly python: string;
  readonly serveScript: string;
  /** The artifact's folder in the emulated bucket, and where the entrypoint copies it to. */
  readonly artifactDir: string;
  readonly modelDir: string;
  /** The AIP_* variables that tell the container who it is; the port is added here. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long after a crash it is started again. */
  readonly restartMs: number;
}

/** A model that loads longer than this never becomes ready; Vertex AI gives up after about 15 minutes. */
const startTimeoutMs = 120_000;

/**
 * Runs the model server of one deployed model as its own process group: copies the artifact as the container's
 * entrypoint does, waits until it is ready, and starts it again when it dies. Rejects with Vertex AI's words
 * (FAILED_PRECONDITION) when it does not come up the first time.
 */
export async function startContainer(options: ContainerOptions): Promise<ModelServer> {
  await rm(options.modelDir, { recursive: true, force: true });
  await cp(options.artifactDir, options.modelDir, { recursive: true });
  let running: { child: ChildProcess; url: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  async function launch(): Promise<void> {
    const port = await freePort();
    if (ended) return;
    const env = { ...options.environment, AIP_HTTP_PORT: String(port), HF_MODEL_DIR: options.modelDir };
    const child = spawn(options.python, [options.serveScript], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = { child, url: '' };
    child.once('exit', () => {
      if (running?.child === child) running = undefined;
      // Later starts fail silently into the next one, as a container in a crash loop does.
      if (!ended) timer = setTimeout(() => void launch().catch(() => undefined), options.restartMs);
    });
    await ready(child);
    running = { child, url: `http://127.0.0.1:${port}${options.environment.AIP_PREDICT_ROUTE}` };
  }

  async function end(): Promise<void> {
    ended = true;
    clearTimeout(timer);
    const child = running?.child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    killGroup(child);
    await exit;
  }

  try {
    await launch();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    async predict(body) {
      const url = running?.url;
      if (url === undefined || url === '') throw new Error('the model server is down');
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      return { status: response.status, body: await response.text() };
    },
    kill: () => running !== undefined && killGroup(running.child),
    [Symbol.asyncDispose]: end,
  };
}

/** Resolves at the line `ready`; rejects with the last lines when the process ends or stays silent. */
async function ready(child: ChildProcess): Promise<void> {
  const lines: string[] = [];
  const started = Promise.withResolvers<void>();
  const fail = (what: string) =>
    started.reject(new GoogleFault('FAILED_PRECONDITION', `${what} Model server logs: ${lines.slice(-5).join(' | ')}`));
  const timer = setTimeout(() => {
    fail('Model server never became ready.');
    killGroup(child);
  }, startTimeoutMs);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      if (line === 'ready') started.resolve();
      lines.push(line);
      lines.splice(0, lines.length - 20);
    });
  }
  child.once('error', (error) => fail(`Model server could not be started: ${error.message}.`));
  child.once('close', () => fail('Model server exited unexpectedly.'));
  try {
    await started.promise;
  } finally {
    clearTimeout(timer);
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It was gone already.
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
