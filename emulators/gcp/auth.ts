import { randomBytes } from 'node:crypto';
import type { Call, Route } from '../core/server.ts';
import { GoogleFault, StorageFault } from './errors.ts';

/** Access tokens that the metadata server handed out, and what their holder may do. */
export interface Tokens {
  issue(): { readonly accessToken: string; readonly expiresInSeconds: number };
  /** From now on no token handed out so far is known. */
  revokeAll(): void;
  /** Takes a permission such as `aiplatform.endpoints.predict` away from everyone; undefined gives all of them back. */
  deny(permission: string | undefined): void;
  /** Lets only calls through that carry a valid token of someone who has the permission. */
  guard(permission: string, route: Route): Route;
}

const help = 'See https://developers.google.com/identity/sign-in/web/devconsole-project.';
const expected = 'Expected OAuth 2 access token, login cookie or other valid authentication credential.';

export function createTokens(options: { readonly lifetimeSeconds: number }): Tokens {
  const expiry = new Map<string, number>();
  let denied: string | undefined;

  function check(call: Call, permission: string): void {
    const [, token] = /^Bearer (\S+)$/.exec(call.headers.authorization ?? '') ?? [];
    if (token === undefined) throw unauthenticated(call, permission, 'missing');
    if ((expiry.get(token) ?? 0) <= Date.now()) throw unauthenticated(call, permission, 'invalid');
    if (denied === permission) throw forbidden(call, permission);
  }

  return {
    issue() {
      const accessToken = `ya29.emulated-${randomBytes(18).toString('base64url')}`;
      expiry.set(accessToken, Date.now() + options.lifetimeSeconds * 1000);
      return { accessToken, expiresInSeconds: options.lifetimeSeconds };
    },
    revokeAll: () => expiry.clear(),
    deny(permission) {
      denied = permission;
    },
    guard: (permission, route) => ({
      ...route,
      handle(call) {
        check(call, permission);
        return route.handle(call);
      },
    }),
  };
}

function unauthenticated(call: Call, permission: string, fault: 'missing' | 'invalid'): Error {
  if (permission.startsWith('storage.'))
    return fault === 'missing'
      ? new StorageFault(401, 'required', `Anonymous caller does not have ${permission} access to ${resource(call)}.`)
      : new StorageFault(401, 'authError', 'Invalid Credentials');
  if (fault === 'missing')
    return new GoogleFault(
      'UNAUTHENTICATED',
      `Request is missing required authentication credential. ${expected} ${help}`,
      { details: [errorInfo('CREDENTIALS_MISSING')] },
    );
  return new GoogleFault('UNAUTHENTICATED', `Request had invalid authentication credentials. ${expected} ${help}`, {
    details: [errorInfo('ACCESS_TOKEN_TYPE_UNSUPPORTED')],
  });
}

function forbidden(call: Call, permission: string): Error {
  if (permission.startsWith('storage.'))
    return new StorageFault(
      403,
      'forbidden',
      `The caller does not have ${permission} access to ${resource(call)}. Permission '${permission}' denied on resource (or it may not exist).`,
    );
  return permissionDenied(permission, `//aiplatform.googleapis.com/${call.path.replace(/^\/v1\//, '')}`);
}

export function permissionDenied(permission: string, name: string): GoogleFault {
  return new GoogleFault(
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${name}' (or it may not exist).`,
    { details: [errorInfo('IAM_PERMISSION_DENIED', { permission, resource: name })] },
  );
}

function errorInfo(reason: string, metadata: Readonly<Record<string, string>> = {}): unknown {
  const type = 'type.googleapis.com/google.rpc.ErrorInfo';
  return { '@type': type, reason, domain: 'aiplatform.googleapis.com', metadata };
}

function resource(call: Call): string {
  return call.path.includes('/o/') ? 'the Google Cloud Storage object' : 'the Google Cloud Storage bucket';
}
