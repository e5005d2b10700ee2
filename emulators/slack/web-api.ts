import { parse } from 'node:querystring';
import type { Call, Reply, Route } from '../core/server.ts';
import { appMethods } from './methods/app.ts';
import { chatMethods } from './methods/chat.ts';
import { conversationMethods } from './methods/conversations.ts';
import { type Method, needScope, type Values, type Workspace } from './methods/method.ts';
import { reactionMethods } from './methods/reactions.ts';
import { userMethods } from './methods/users.ts';
import { jsonText, Refusal } from './refusal.ts';

const methods: readonly Method[] = [
  ...appMethods,
  ...chatMethods,
  ...conversationMethods,
  ...reactionMethods,
  ...userMethods,
];

/** Which tokens are good; `revoked` ones were good once. */
export interface Tokens {
  readonly bot: string;
  readonly app: string;
  readonly revoked: ReadonlySet<'bot' | 'app'>;
}

/** A call as the journal keeps it, for tests that ask what was really sent. */
export interface JournalEntry {
  readonly method: string;
  readonly values: Values;
}

/** Told of every call, with the name by which the emulator was reached. */
type Witness = (entry: JournalEntry, host: string) => void;

/** The routes `POST /api/<method>`. Slack answers 200 whatever happens; the body says whether it went well. */
export function webApiRoutes(workspace: Workspace, tokens: Tokens, witness: Witness): readonly Route[] {
  return methods.map((method) => ({
    method: 'POST',
    path: `/api/${method.name}`,
    handle: (call) => {
      const values = readValues(call);
      witness({ method: method.name, values }, call.headers.host ?? '');
      checkToken(method, call, values, tokens);
      needScope(method.scopes, workspace.manifest);
      return {
        headers: { 'x-oauth-scopes': workspace.manifest.scopes.join(',') },
        body: { ok: true, ...method.run(values, workspace) },
      };
    },
  }));
}

export function refuse(error: unknown): Reply {
  return { body: error instanceof Refusal ? error.body : { ok: false, error: 'internal_error' } };
}

export const unknownMethod = (call: Call): Reply =>
  call.path.startsWith('/api/') ? { body: { ok: false, error: 'unknown_method' } } : { status: 404, body: 'Not Found' };

/** Arguments come as a form (objects in it as JSON text, which each method reads) or as a JSON object. */
function readValues(call: Call): Values {
  const type = call.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) return jsonValues(call);
  if (type !== '' && !type.startsWith('application/x-www-form-urlencoded')) throw new Refusal('invalid_form_data');
  return { ...Object.fromEntries(call.query), ...parse(call.body.toString('utf8')) };
}

function jsonValues(call: Call): Values {
  const { success, data: value } = jsonText.safeParse(call.body.toString('utf8'));
  if (!success) throw new Refusal('invalid_json');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refusal('json_not_object');
  return { ...value };
}

function checkToken(method: Method, call: Call, values: Values, tokens: Tokens): void {
  const given = /^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1] ?? values.token;
  if (typeof given !== 'string' || given === '') throw new Refusal('not_authed');
  const kind = given === tokens.bot ? 'bot' : given === tokens.app ? 'app' : undefined;
  if (kind === undefined) throw new Refusal('invalid_auth');
  if (kind !== method.token) throw new Refusal('not_allowed_token_type');
  if (tokens.revoked.has(kind)) throw new Refusal(kind === 'bot' ? 'token_revoked' : 'invalid_auth');
}
