import type { Call } from '../../core/server.ts';
import { permissionDenied } from '../auth.ts';
import { GoogleFault } from '../errors.ts';
import type { Place } from './world.ts';

export const parentPath = '/v1/projects/:project/locations/:location';

/** Project id and number are the same project; any other is one that the caller may not see. */
export function checkParent(call: Call, place: Place, permission: string): void {
  const { project, location } = call.params;
  if (project !== place.project && project !== place.projectNumber)
    throw permissionDenied(permission, `//aiplatform.googleapis.com/${call.path.replace(/^\/v1\//, '')}`);
  if (location !== place.location)
    throw new GoogleFault('NOT_FOUND', `The location ${location} is not served by this regional endpoint.`);
}

/** `pageSize` (1 to 100, default 100) and `pageToken` over rows in a fixed order. */
export function page<Row>(rows: readonly Row[], query: URLSearchParams): { rows: Row[]; nextPageToken?: string } {
  const size = Number(query.get('pageSize') ?? 100) || 100;
  const from = Number(Buffer.from(query.get('pageToken') ?? '', 'base64url').toString() || 0);
  if (!Number.isInteger(from) || from < 0 || size < 0 || size > 100)
    throw new GoogleFault('INVALID_ARGUMENT', 'Request contains an invalid argument.');
  const next = from + size;
  const token = Buffer.from(String(next)).toString('base64url');
  return { rows: rows.slice(from, next), ...(next < rows.length ? { nextPageToken: token } : {}) };
}
