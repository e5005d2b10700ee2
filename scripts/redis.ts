import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';

export interface PrivateRedis extends AsyncDisposable {
  readonly url: string;
  readonly process: ChildProcess;
}

/**
 * Starts a redis-server of our own on 127.0.0.1 that loses nothing: append-only file, no eviction. Rejects with the
 * system's error (ENOENT) when redis-server is not installed, or with its last words when it does not come up.
 */
export async function startRedis(options: {
  readonly dir: string;
  readonly port?: number;
  readonly fsync?: 'everysec' | 'always';
  /** False for a Redis that forgets, which the service must refuse. */
  readonly appendonly?: boolean;
  /** In a process group of its own, so that Ctrl-C in a terminal reaches only whoever started it. */
  readonly detached?: boolean;
}): Promise<PrivateRedis> {
  const port = options.port ?? (await freePort());
  await mkdir(options.dir, { recursive: true });
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: options.dir,
    appendonly: options.appendonly === false ? 'no' : 'yes',
    appendfsync: options.fsync ?? 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.detached ?? false,
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended before it was ready:\n${said}`)));
  });
  ended.catch(() => undefined);
  await Promise.race([ended, answers(port)]);
  return {
    url: `redis://127.0.0.1:${port}`,
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Resolves once a Redis on this port answers PING with PONG, that is, once it has read its file. */
async function answers(port: number): Promise<void> {
  for (;;) {
    if (await ping('127.0.0.1', port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether something at this address answers as a Redis does; one that wants a password counts. */
export function ping(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => end(/^(\+PONG|-NOAUTH)/.test(chunk.toString())));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  return address.port;
}
