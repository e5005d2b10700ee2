import type { StubAnswer, StubRequest } from '../../emulators/gcp/serving/stub.ts';
import type { GcpEmulator } from '../../emulators/gcp/start.ts';
import type { Google } from '../../src/gcp/client.ts';
import { describeEndpoint, type Endpoint } from '../../src/gcp/endpoints.ts';
import { createFresh, type Fresh } from '../../src/models/fresh.ts';
import type { Model } from '../../src/models/model.ts';
import { createVertexModel } from '../../src/models/vertex.ts';
import { connect, quiet, said, startEmulated } from '../gcp/emulated.ts';

export interface Stubbed extends AsyncDisposable {
  readonly gcp: GcpEmulator;
  readonly google: Google;
  readonly model: Model;
  readonly endpointId: string;
  readonly endpoint: Fresh<Endpoint>;
  /** What reached the model server, in order. */
  readonly requests: readonly StubRequest[];
  /** What the server answers from now on. */
  answer(next: StubAnswer): void;
}

export const echoing =
  (delayMs = 0): StubAnswer =>
  async ({ instances }) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return { status: 200, body: { predictions: instances.map(({ prompt }) => said(`${prompt}, hmm.`)) } };
  };

/** The Vertex model against the emulator with a scripted container behind it. */
export async function startStubbed(
  settings: { readonly timeoutMs?: number } = {},
  target: { readonly dedicated?: boolean } = {},
): Promise<Stubbed> {
  const gcp = await startEmulated();
  const google = await connect(gcp);
  const requests: StubRequest[] = [];
  let current: StubAnswer = echoing();
  const { endpointId } = await gcp.deployStub((request) => {
    requests.push(request);
    return current(request);
  }, target);
  const load = () => describeEndpoint(endpointId, { google });
  const endpoint = createFresh({ name: 'The endpoint', maxAgeMs: 60_000, load }, { log: quiet, now: Date.now });
  return {
    gcp,
    google,
    model: createVertexModel(settings, { google, endpoint }),
    endpointId,
    endpoint,
    requests,
    answer(next) {
      current = next;
    },
    async [Symbol.asyncDispose]() {
      await google[Symbol.asyncDispose]();
      await gcp[Symbol.asyncDispose]();
    },
  };
}
