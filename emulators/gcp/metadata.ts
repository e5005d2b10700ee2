import type { Call, Reply, Route } from '../core/server.ts';
import type { Tokens } from './auth.ts';

export interface MetadataFacts {
  readonly project: string;
  readonly projectNumber: string;
  readonly location: string;
}

/** The metadata server of a Compute Engine machine; `GCE_METADATA_HOST` points real credentials libraries at it. */
export function metadataRoutes(facts: MetadataFacts, deps: { readonly tokens: Tokens }): readonly Route[] {
  const email = `dagobah@${facts.project}.iam.gserviceaccount.com`;
  const scope = 'https://www.googleapis.com/auth/cloud-platform';
  const root = '/computeMetadata/v1';
  const known = (account: string | undefined) => account === 'default' || account === email;

  const route = (path: string, value: (call: Call) => string | object | undefined): Route => ({
    method: 'GET',
    path: `${root}/${path}`,
    handle: (call) => flavoured(call, value),
  });

  return [
    route('project/project-id', () => facts.project),
    route('project/numeric-project-id', () => facts.projectNumber),
    route('instance/zone', () => `projects/${facts.projectNumber}/zones/${facts.location}-a`),
    route('universe/universe-domain', () => 'googleapis.com'),
    route('instance/service-accounts/:account/email', (call) => (known(call.params.account) ? email : undefined)),
    route('instance/service-accounts/:account/scopes', (call) => (known(call.params.account) ? scope : undefined)),
    route('instance/service-accounts/:account/token', (call) => {
      if (!known(call.params.account)) return undefined;
      const { accessToken, expiresInSeconds } = deps.tokens.issue();
      return { access_token: accessToken, expires_in: expiresInSeconds, token_type: 'Bearer' };
    }),
  ];
}

/** Without the header the real server refuses, so that no page in a browser can read tokens. */
function flavoured(call: Call, value: (call: Call) => string | object | undefined): Reply {
  const headers = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };
  if (call.headers['metadata-flavor'] !== 'Google')
    return { status: 403, headers, body: 'Missing Metadata-Flavor:Google header.' };
  const body = value(call);
  return body === undefined ? { status: 404, headers, body: 'Not Found' } : { headers, body };
}
