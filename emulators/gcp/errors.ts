import type { Reply } from '../core/server.ts';

/** Google's canonical codes and the HTTP status that each travels under (google/rpc/code.proto). */
const httpStatus = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;

export type GoogleCode = keyof typeof httpStatus;

/** A refusal in Google's own words; the server's `onError` turns it into the error body of the service that was called. */
export class GoogleFault extends Error {
  override readonly name = 'GoogleFault';
  readonly code: GoogleCode;
  readonly details: readonly unknown[];

  constructor(code: GoogleCode, message: string, options: { readonly details?: readonly unknown[] } = {}) {
    super(message);
    this.code = code;
    this.details = options.details ?? [];
  }
}

/** A fault of the Cloud Storage JSON API, whose error bodies carry a `reason` instead of a canonical code. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Google's error body for one canonical code; also what tests put into a fault. */
export function googleReply(code: GoogleCode, message: string, details: readonly unknown[] = []): Required<Reply> {
  const status = httpStatus[code];
  const error = { code: status, message, status: code, ...(details.length === 0 ? {} : { details }) };
  return { status, headers: {}, body: { error } };
}

function storageReply(status: number, reason: string, message: string): Reply {
  return { status, body: { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } } };
}

/** The front end's page for a path that no service knows. */
export function unknownPath(path: string): Reply {
  const page = `<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n<p><b>404.</b> <ins>That’s an error.</ins>\n<p>The requested URL <code>${path.replaceAll('<', '&lt;')}</code> was not found on this server.`;
  return { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: page };
}

/** What went wrong while a call was answered, in the words of the service that owns the path. */
export function faultReply(error: unknown, path: string): Reply {
  if (error instanceof GoogleFault) return googleReply(error.code, error.message, error.details);
  if (error instanceof StorageFault) return storageReply(error.status, error.reason, error.message);
  const storage = /^\/(upload\/|download\/)?storage\//.test(path);
  if (error instanceof SyntaxError)
    return storage
      ? storageReply(400, 'parseError', 'Parse Error')
      : googleReply('INVALID_ARGUMENT', `Invalid JSON payload received. ${error.message}`);
  return storage ? storageReply(500, 'backendError', String(error)) : googleReply('INTERNAL', String(error));
}
