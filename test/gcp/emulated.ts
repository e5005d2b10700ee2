import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GcpEmulator, type GcpOptions, startGcp } from '../../emulators/gcp/start.ts';
import { createGoogle, type Google } from '../../src/gcp/client.ts';
import { createLog } from '../../src/log.ts';

export const root = path.join(import.meta.dirname, '..', '..');
export const place = { project: 'dagobah-test', projectNumber: '314159265358', location: 'us-central1' };
export const quiet = createLog('silent');

const ownPython = path.join(root, '.venv', 'bin', 'python');
/** The Python that has torch; plain Python does for containers with a handler of their own. */
export const python = existsSync(ownPython) ? ownPython : (process.env.PYTHON ?? 'python3');

export interface Emulated extends GcpEmulator {
  /** A folder of this test alone, with the buckets in it. */
  readonly dataDir: string;
}

/** Starts Google's stand-in in a folder of its own and turns this process's credentials to it. */
export async function startEmulated(options: Partial<GcpOptions> = {}): Promise<Emulated> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gcp-'));
  const serveScript = path.join(root, 'handler', 'serve.py');
  const gcp = await startGcp({ ...place, dataDir, python, serveScript, restartMs: 100, ...options });
  Object.assign(process.env, gcp.environment);
  return {
    ...gcp,
    dataDir,
    async [Symbol.asyncDispose]() {
      await gcp[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Our client against the stand-in, through google-auth-library's own search for credentials. */
export function connect(gcp: GcpEmulator): Promise<Google> {
  const { project, location } = place;
  const endpoints = { vertexApiEndpoint: gcp.url, storageApiEndpoint: gcp.url };
  return createGoogle({ project, location, ...endpoints }, { log: quiet });
}

/** An answer as handler.py gives it. */
export function said(text: string) {
  return { generated_text: text, finish_reason: 'stop', prompt_tokens: 5, completion_tokens: 3, latency_ms: 1 };
}
