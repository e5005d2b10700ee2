import { z } from 'zod';
import type { Call, Route } from '../../core/server.ts';
import type { Tokens } from '../auth.ts';
import { GoogleFault } from '../errors.ts';
import { findEndpoint } from './endpoints.ts';
import { checkParent, parentPath } from './paths.ts';
import { type Deployed, type EndpointState, resourceName, type World } from './world.ts';

export interface PredictOptions {
  /** 60 s on the real shared host; shorter in tests. */
  readonly sharedTimeoutMs: number;
  /** A number in [0, 1) for each prediction, deciding which deployed model answers. */
  readonly random: () => number;
  /** Whether a call came over the DNS name of dedicated endpoints. */
  readonly isDedicatedHost: (call: Call) => boolean;
}

const bodySchema = z.strictObject({
  instances: z.array(z.unknown()).optional(),
  parameters: z.unknown().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
const answerSchema = z.looseObject({ predictions: z.array(z.unknown()) });

/** Request and answer sizes, "choose an endpoint type" in Vertex AI's documentation. */
const mostBytes = { shared: 1_500_000, dedicated: 10_000_000 };

/** PredictionService: body -> limits -> traffic split -> the deployed model's container -> its predictions and who answered. */
export function predictRoutes(
  world: World,
  options: PredictOptions,
  deps: { readonly tokens: Tokens },
): readonly Route[] {
  const predict: Route = {
    method: 'POST',
    path: `${parentPath}/endpoints/:endpoint:predict`,
    async handle(call) {
      checkParent(call, world.place, 'aiplatform.endpoints.predict');
      const endpoint = findEndpoint(world, call.params.endpoint ?? '');
      checkHost(endpoint, options.isDedicatedHost(call));
      const most = endpoint.dedicated ? mostBytes.dedicated : mostBytes.shared;
      if (call.body.length > most)
        throw new GoogleFault('INVALID_ARGUMENT', `Request payload size exceeds the limit: ${most} bytes.`);
      const body = readBody(call.json());
      const deployed = chooseDeployed(world, endpoint, options.random());
      const timeoutMs = endpoint.dedicated ? endpoint.inferenceTimeoutMs : options.sharedTimeoutMs;
      const asked = body.parameters === undefined ? {} : { parameters: body.parameters };
      const answer = await askContainer(deployed, JSON.stringify({ instances: body.instances, ...asked }), timeoutMs);
      const row = { endpointId: endpoint.id, deployedModelId: deployed.id, instances: body.instances.length };
      world.predictCalls.push({ ...row, status: answer.status, at: Date.now() });
      if (answer.status === 503) throw new GoogleFault('UNAVAILABLE', 'The service is currently unavailable.');
      if (answer.status === 504)
        throw new GoogleFault('DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.');
      if (answer.status < 200 || answer.status > 299) throw new GoogleFault('FAILED_PRECONDITION', answer.body);
      if (Buffer.byteLength(answer.body) > most)
        throw tooLarge(endpoint, deployed, Buffer.byteLength(answer.body), most);
      return { body: { ...readAnswer(answer.body), ...whoAnswered(world, deployed) } };
    },
  };
  return [deps.tokens.guard('aiplatform.endpoints.predict', predict)];
}

function checkHost(endpoint: EndpointState, dedicatedHost: boolean): void {
  if (endpoint.dedicated && !dedicatedHost)
    throw new GoogleFault(
      'FAILED_PRECONDITION',
      'Dedicated Endpoint cannot be accessed through the shared Vertex AI domain aiplatform.googleapis.com. Please access the endpoint using its dedicated domain name.',
    );
  if (!endpoint.dedicated && dedicatedHost)
    throw new GoogleFault('NOT_FOUND', 'The requested endpoint is not served by this domain.');
}

function readBody(given: unknown): { instances: unknown[]; parameters?: unknown } {
  const body = bodySchema.safeParse(given);
  if (!body.success) {
    const unknown = body.error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
    const words = unknown.map((name) => `Unknown name "${name}": Cannot find field.`).join(' ');
    throw new GoogleFault('INVALID_ARGUMENT', `Invalid JSON payload received. ${words || 'Invalid value.'}`);
  }
  const { instances, parameters } = body.data;
  if (instances === undefined || instances.length === 0) throw new GoogleFault('INVALID_ARGUMENT', 'Empty instances.');
  return parameters === undefined ? { instances } : { instances, parameters };
}

/** Weighs the deployed models by their shares of the traffic. */
function chooseDeployed(world: World, endpoint: EndpointState, random: number): Deployed {
  let left = random * 100;
  for (const [id, share] of Object.entries(endpoint.trafficSplit)) {
    left -= share;
    const deployed = endpoint.deployed.get(id);
    if (left < 0 && deployed !== undefined) return deployed;
  }
  const name = resourceName(world.place, 'endpoints', endpoint.id);
  throw new GoogleFault('FAILED_PRECONDITION', `Endpoint ${name} doesn't have traffic_split.`);
}

/** 503 while the model server is down, 504 when it takes too long. The server goes on with what nobody waits for, as the real one. */
async function askContainer(
  deployed: Deployed,
  body: string,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  const late = Promise.withResolvers<{ status: number; body: string }>();
  const timer = setTimeout(() => late.resolve({ status: 504, body: '' }), timeoutMs);
  try {
    return await Promise.race([deployed.server.predict(body), late.promise]);
  } catch {
    return { status: 503, body: '' };
  } finally {
    clearTimeout(timer);
  }
}

function readAnswer(text: string): { predictions: unknown[] } {
  const answer = answerSchema.safeParse(parsed(text));
  if (answer.success) return { predictions: answer.data.predictions };
  const words = `The model server's response is no JSON object with "predictions": ${text.slice(0, 200)}`;
  throw new GoogleFault('INTERNAL', words);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function whoAnswered(world: World, deployed: Deployed) {
  return {
    deployedModelId: deployed.id,
    model: resourceName(world.place, 'models', deployed.modelId),
    modelVersionId: deployed.versionId,
    modelDisplayName: world.models.get(deployed.modelId)?.displayName,
  };
}

function tooLarge(endpoint: EndpointState, deployed: Deployed, bytes: number, most: number): GoogleFault {
  return new GoogleFault(
    'INVALID_ARGUMENT',
    `Failed to handle request. endpoint_id: ${endpoint.id}, deployed_model_id: ${deployed.id} with error: Response size too large. Received at least ${bytes} bytes; max is ${most}.`,
  );
}
