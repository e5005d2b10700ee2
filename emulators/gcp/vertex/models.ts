import type { Route } from '../../core/server.ts';
import type { Tokens } from '../auth.ts';
import { GoogleFault } from '../errors.ts';
import { checkParent, page, parentPath } from './paths.ts';
import { findVersion, type ModelVersion, type RegisteredModel, resourceName, type World } from './world.ts';

/** ModelService: the registry, read only. */
export function modelRoutes(world: World, deps: { readonly tokens: Tokens }): readonly Route[] {
  const list: Route = {
    method: 'GET',
    path: `${parentPath}/models`,
    handle(call) {
      checkParent(call, world.place, 'aiplatform.models.list');
      const newest = [...world.models.values()].flatMap((model) => {
        const version = model.versions.find((each) => each.aliases.includes('default'));
        return version === undefined ? [] : [modelJson(world, model, version)];
      });
      const { rows, ...rest } = page(newest, call.query);
      return { body: rows.length === 0 ? {} : { models: rows, ...rest } };
    },
  };
  const get: Route = {
    method: 'GET',
    path: `${parentPath}/models/:model`,
    handle(call) {
      checkParent(call, world.place, 'aiplatform.models.get');
      const found = findVersion(world, call.params.model ?? '');
      if (found === undefined)
        throw new GoogleFault('NOT_FOUND', `The Model ${call.path.replace(/^\/v1\//, '')} does not exist.`);
      return { body: modelJson(world, found.model, found.version) };
    },
  };
  return [deps.tokens.guard('aiplatform.models.list', list), deps.tokens.guard('aiplatform.models.get', get)];
}

function modelJson(world: World, model: RegisteredModel, version: ModelVersion) {
  const name = resourceName(world.place, 'models', model.id);
  const deployedModels = [...world.endpoints.values()].flatMap((endpoint) =>
    [...endpoint.deployed.values()]
      .filter((deployed) => deployed.modelId === model.id && deployed.versionId === version.versionId)
      .map(({ id }) => ({ endpoint: resourceName(world.place, 'endpoints', endpoint.id), deployedModelId: id })),
  );
  return {
    name,
    displayName: model.displayName,
    versionId: version.versionId,
    versionAliases: version.aliases,
    versionCreateTime: version.createTime,
    createTime: model.versions[0]?.createTime,
    updateTime: version.createTime,
    containerSpec: { imageUri: version.imageUri, ports: [{ containerPort: 8080 }] },
    supportedDeploymentResourcesTypes: ['DEDICATED_RESOURCES'],
    ...(version.artifactUri === undefined ? {} : { artifactUri: version.artifactUri }),
    ...(Object.keys(version.labels).length === 0 ? {} : { labels: version.labels }),
    ...(deployedModels.length === 0 ? {} : { deployedModels }),
    etag: `AMEw9y${model.id.slice(-6)}`,
  };
}
