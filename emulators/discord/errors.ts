import type { Reply } from '../core/server.ts';

/** One fault of a field, as Discord words it. */
export interface FieldFault {
  /** The way to the field: `['options', 0, 'name']`. */
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** An answer that is an error: Discord's status, JSON error code and words. */
export class DiscordError extends Error {
  override readonly name = 'DiscordError';
  readonly status: number;
  readonly code: number;
  readonly errors: unknown;

  constructor(status: number, code: number, message: string, errors?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export const unknownRoute = () => new DiscordError(404, 0, '404: Not Found');
export const unauthorized = () => new DiscordError(401, 0, '401: Unauthorized');
export const unknownChannel = () => new DiscordError(404, 10003, 'Unknown Channel');
export const unknownGuild = () => new DiscordError(404, 10004, 'Unknown Guild');
export const unknownMessage = () => new DiscordError(404, 10008, 'Unknown Message');
export const unknownUser = () => new DiscordError(404, 10013, 'Unknown User');
export const unknownWebhook = () => new DiscordError(404, 10015, 'Unknown Webhook');
export const unknownInteraction = () => new DiscordError(404, 10062, 'Unknown interaction');
export const noMoreCommandsToday = () =>
  new DiscordError(400, 30034, 'Max number of daily application command creates has been reached (200)');
export const alreadyAcknowledged = () => new DiscordError(400, 40060, 'Interaction has already been acknowledged.');
export const missingAccess = () => new DiscordError(403, 50001, 'Missing Access');
export const notYourMessage = () => new DiscordError(403, 50005, 'Cannot edit a message authored by another user');
export const emptyMessage = () => new DiscordError(400, 50006, 'Cannot send an empty message');
export const directRefused = () => new DiscordError(403, 50007, 'Cannot send messages to this user');
export const missingPermissions = () => new DiscordError(403, 50013, 'Missing Permissions');
export const expiredToken = () => new DiscordError(401, 50027, 'Invalid Webhook Token');
export const archivedThread = () => new DiscordError(400, 50083, 'Thread is archived');
const invalidJson = () => new DiscordError(400, 50109, 'The request body contains invalid JSON.');
export const threadExists = () => new DiscordError(400, 160004, 'A thread has already been created for this message');

/** Code 50035, with the faults in the nested shape that Discord uses: `errors.content._errors[0].code`. */
export function invalidForm(faults: readonly FieldFault[]): DiscordError {
  const errors: Record<string, unknown> = {};
  for (const { path, code, message } of faults) {
    let node = errors;
    for (const step of path) {
      const known = node[step];
      const next = isRecord(known) ? known : {};
      node[step] = next;
      node = next;
    }
    const list = Array.isArray(node._errors) ? node._errors : [];
    node._errors = [...list, { code, message }];
  }
  return new DiscordError(400, 50035, 'Invalid Form Body', errors);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What Discord sends for an error that a route threw. */
export function errorReply(error: unknown): Reply {
  if (error instanceof SyntaxError) return errorReply(invalidJson());
  if (!(error instanceof DiscordError))
    return { status: 500, body: { message: '500: Internal Server Error', code: 0 } };
  const { status, code, message, errors } = error;
  return { status, body: { message, code, ...(errors === undefined ? {} : { errors }) } };
}
