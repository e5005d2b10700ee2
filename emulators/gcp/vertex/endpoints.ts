import type { Route } from '../../core/server.ts';
import type { Tokens } from '../auth.ts';
import { GoogleFault } from '../errors.ts';
import { checkParent, page, parentPath } from './paths.ts';
import { type EndpointState, resourceName, type World } from './world.ts';

/** Finds an endpoint or refuses in Vertex AI's words. */
export function findEndpoint(world: World, id: string): EndpointState {
  const endpoint = world.endpoints.get(id);
  if (endpoint !== undefined) return endpoint;
  const { project, location } = world.place;
  throw new GoogleFault(
    'NOT_FOUND',
    `Endpoint \`projects/${project}/locations/${location}/endpoints/${id}\` not found.`,
  );
}

/** EndpointService: what is deployed where, read only. `dedicatedHost` is host:port of every dedicated endpoint. */
export function endpointRoutes(
  world: World,
  deps: { readonly tokens: Tokens; readonly dedicatedHost: () => string },
): readonly Route[] {
  const list: Route = {
    method: 'GET',
    path: `${parentPath}/endpoints`,
    handle(call) {
      checkParent(call, world.place, 'aiplatform.endpoints.list');
      const all = [...world.endpoints.values()].map((endpoint) => endpointJson(world, endpoint, deps.dedicatedHost()));
      const { rows, ...rest } = page(all, call.query);
      return { body: rows.length === 0 ? {} : { endpoints: rows, ...rest } };
    },
  };
  const get: Route = {
    method: 'GET',
    path: `${parentPath}/endpoints/:endpoint`,
    handle(call) {
      checkParent(call, world.place, 'aiplatform.endpoints.get');
      return { body: endpointJson(world, findEndpoint(world, call.params.endpoint ?? ''), deps.dedicatedHost()) };
    },
  };
  return [deps.tokens.guard('aiplatform.endpoints.list', list), deps.tokens.guard('aiplatform.endpoints.get', get)];
}

function endpointJson(world: World, endpoint: EndpointState, dedicatedHost: string) {
  const deployedModels = [...endpoint.deployed.values()].map((deployed) => ({
    id: deployed.id,
    model: resourceName(world.place, 'models', deployed.modelId),
    modelVersionId: deployed.versionId,
    displayName: deployed.displayName,
    createTime: deployed.createTime,
    dedicatedResources: {
      machineSpec: { machineType: 'n1-standard-8', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 1 },
      minReplicaCount: 1,
      maxReplicaCount: 1,
    },
  }));
  return {
    name: resourceName(world.place, 'endpoints', endpoint.id),
    displayName: endpoint.displayName,
    createTime: endpoint.createTime,
    updateTime: endpoint.updateTime,
    etag: `AMEw9y${Date.parse(endpoint.updateTime)}`,
    ...(deployedModels.length === 0 ? {} : { deployedModels, trafficSplit: endpoint.trafficSplit }),
    ...(endpoint.dedicated
      ? {
          dedicatedEndpointEnabled: true,
          dedicatedEndpointDns: dedicatedHost,
          clientConnectionConfig: { inferenceTimeout: `${endpoint.inferenceTimeoutMs / 1000}s` },
        }
      : {}),
  };
}
