import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keyPrefix } from './connection.ts';

/**
 * Who is answered when. Messages wait in lanes; only the first of a lane may be answered, and of each person one lane
 * at a time stands in the BullMQ queue and at most four are being answered. So a lane keeps its order, and a noisy lane
 * or person costs everybody else at most one answer. Each step is one Lua script: it happens whole or not at all.
 *
 *   put -> (admitted: add to BullMQ) -> begin -> save … -> finish -> (admitted: add to BullMQ)
 *
 * A process killed between two steps leaves an id in `admitted`; `stranded` finds it. Adding an id to BullMQ twice is
 * harmless, because the id is the job's id, and beginning a message that is finished is refused.
 *
 * Keys: `message:<id>` hash (job, state, …) · `lane:<lane>` list of ids · `person:<person>:ready` list of lanes ·
 * `person:<person>:active` set of ids · `person:<person>:queued` the id in BullMQ · `admitted` and `open` sorted sets of
 * ids by time · `conversation:<c>` Yoda takes part · `greeted:<person>`.
 */

/** What became of a message. `late`: its lane no longer waits for it, but what is to be said could not be delivered yet. */
export type MessageState = 'waiting' | 'answering' | 'late' | 'answered' | 'apologised' | 'refused' | 'undeliverable';

export interface Turn {
  /** The message, as JSON. */
  readonly job: string;
  /** The stored answer, as JSON, when an earlier try came so far. */
  readonly answer: string | undefined;
  /** How many parts are known to be posted. */
  readonly posted: number;
  /** The first direct message of this person. */
  readonly first: boolean;
  /** When the first try began, milliseconds since 1970. */
  readonly firstTryAt: number;
  /** Its lane waits for it no longer. */
  readonly late: boolean;
  /** Which try this is, from 1; also the fence that a superseded worker is stopped by. */
  readonly begun: number;
}

/** What a try has come to: the answer as JSON, and how many of its parts are posted. */
export interface Step {
  readonly answer?: string;
  readonly posted?: number;
}

export interface Lanes {
  put(
    message: PutMessage,
  ): Promise<{ readonly outcome: 'stored' | 'duplicate' | 'full'; readonly admitted: readonly string[] }>;
  /** Starts a try. `undefined`: nothing to do, the message is finished or not its lane's first. */
  begin(id: string): Promise<{ readonly turn: Turn | undefined; readonly admitted: readonly string[] }>;
  /** Records a step of a try, all of it or nothing; false when another worker has begun the message since. */
  save(id: string, begun: number, step: Step): Promise<boolean>;
  /** Lets the lane go on. A final state ends the message; `late` keeps it open. Safe to repeat. */
  finish(id: string, state: Exclude<MessageState, 'waiting' | 'answering'>): Promise<readonly string[]>;
  state(id: string): Promise<MessageState | undefined>;
  takesPart(conversation: string): Promise<boolean>;
  /** Ids admitted at least `ageMs` ago and not begun: whoever was to add them to BullMQ may have died. */
  stranded(ageMs: number): Promise<readonly string[]>;
  /** Ids that are not finished, the oldest first. */
  open(olderThanMs: number): Promise<readonly string[]>;
  counts(): Promise<{ readonly open: number; readonly oldestAt: number | undefined }>;
}

interface PutMessage {
  readonly id: string;
  readonly lane: string;
  readonly person: string;
  readonly conversation: string;
  readonly direct: boolean;
  readonly job: string;
  /** The answer, as JSON, that a full lane gives at once instead of waiting. */
  readonly refusal: string;
}

/** Per lane; beyond it a message is refused in words, outside its lane. */
export const mostWaitingPerLane = 2000;
const mostActivePerPerson = 4;
const daySeconds = 24 * 60 * 60;

const shared = `
local P = KEYS[1]
local function message(id) return P .. ':message:' .. id end
local function laneKey(lane) return P .. ':lane:' .. lane end
local function person(p, what) return P .. ':person:' .. p .. ':' .. what end
local function final(state) return state == 'answered' or state == 'apologised' or state == 'refused' or state == 'undeliverable' end
local function ready(lane)
  local head = redis.call('LINDEX', laneKey(lane), 0)
  if head then redis.call('RPUSH', person(redis.call('HGET', message(head), 'person'), 'ready'), lane) end
  return head
end
local function admit(p, now, into)
  if redis.call('EXISTS', person(p, 'queued')) == 1 then return end
  if redis.call('SCARD', person(p, 'active')) >= ${mostActivePerPerson} then return end
  local lane = redis.call('LPOP', person(p, 'ready'))
  if not lane then return end
  local head = redis.call('LINDEX', laneKey(lane), 0)
  redis.call('SET', person(p, 'queued'), head)
  redis.call('ZADD', P .. ':admitted', now, head)
  table.insert(into, head)
end
`;

const scripts = {
  put: `${shared}
local id, lane, who, conversation, direct, job, refusal, now = unpack(ARGV)
local admitted = {}
redis.call('SET', P .. ':conversation:' .. conversation, 1, 'EX', ${7 * daySeconds})
if redis.call('EXISTS', message(id)) == 1 then
  if redis.call('ZSCORE', P .. ':admitted', id) then table.insert(admitted, id) end
  return {'duplicate', admitted}
end
redis.call('HSET', message(id), 'job', job, 'state', 'waiting', 'lane', lane, 'person', who, 'at', now)
redis.call('ZADD', P .. ':open', now, id)
if redis.call('LLEN', laneKey(lane)) >= ${mostWaitingPerLane} then
  redis.call('HSET', message(id), 'state', 'late', 'answer', refusal)
  redis.call('ZADD', P .. ':admitted', now, id)
  return {'full', {id}}
end
if direct == '1' and redis.call('SET', P .. ':greeted:' .. who, 1, 'NX') then redis.call('HSET', message(id), 'first', 1) end
if redis.call('RPUSH', laneKey(lane), id) == 1 then
  ready(lane)
  admit(who, now, admitted)
end
return {'stored', admitted}
`,
  begin: `${shared}
local id, now = unpack(ARGV)
local admitted = {}
local state, lane, who = unpack(redis.call('HMGET', message(id), 'state', 'lane', 'person'))
redis.call('ZREM', P .. ':admitted', id)
if not state or final(state) then return {0, admitted} end
if state ~= 'late' then
  if redis.call('LINDEX', laneKey(lane), 0) ~= id then return {0, admitted} end
  redis.call('HSET', message(id), 'state', 'answering')
  redis.call('SADD', person(who, 'active'), id)
  if redis.call('GET', person(who, 'queued')) == id then redis.call('DEL', person(who, 'queued')) end
  admit(who, now, admitted)
end
redis.call('HSETNX', message(id), 'firstTryAt', now)
local begun = redis.call('HINCRBY', message(id), 'begun', 1)
local fields = redis.call('HMGET', message(id), 'job', 'state', 'firstTryAt', 'answer', 'posted', 'first')
return {begun, admitted, unpack(fields)}
`,
  save: `${shared}
local id, begun = unpack(ARGV)
if redis.call('HGET', message(id), 'begun') ~= begun then return 0 end
redis.call('HSET', message(id), unpack(ARGV, 3))
return 1
`,
  finish: `${shared}
local id, state, now = unpack(ARGV)
local admitted = {}
local before, lane, who = unpack(redis.call('HMGET', message(id), 'state', 'lane', 'person'))
if not before or final(before) then return admitted end
redis.call('HSET', message(id), 'state', state)
if final(state) then
  redis.call('ZREM', P .. ':open', id)
  local failed = state == 'apologised' or state == 'undeliverable'
  if not failed then redis.call('HDEL', message(id), 'job', 'answer') end
  redis.call('EXPIRE', message(id), failed and ${7 * daySeconds} or ${daySeconds})
end
redis.call('SREM', person(who, 'active'), id)
if redis.call('GET', person(who, 'queued')) == id then redis.call('DEL', person(who, 'queued')) end
redis.call('ZREM', P .. ':admitted', id)
if redis.call('LINDEX', laneKey(lane), 0) == id then
  redis.call('LPOP', laneKey(lane))
  local head = ready(lane)
  if head then
    local other = redis.call('HGET', message(head), 'person')
    if other ~= who then admit(other, now, admitted) end
  end
end
admit(who, now, admitted)
return admitted
`,
};

const idsSchema = z.array(z.string());
const putReplySchema = z.tuple([z.enum(['stored', 'duplicate', 'full']), idsSchema]);
const stateSchema = z.enum(['waiting', 'answering', 'late', 'answered', 'apologised', 'refused', 'undeliverable']);
const optional = z.string().nullish();
const beginReplySchema = z.union([
  z.tuple([z.literal(0), idsSchema]),
  z.tuple([z.number(), idsSchema, z.string(), stateSchema, z.coerce.number(), optional, optional, optional]),
]);

export function createLanes(redis: Redis): Lanes {
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(`dagobah_${name}`, { numberOfKeys: 1, lua });
  const run = (script: keyof typeof scripts, ...args: (string | number)[]): Promise<unknown> => {
    const command: unknown = Reflect.get(redis, `dagobah_${script}`);
    if (typeof command !== 'function') throw new TypeError(`The script ${script} is not defined.`);
    return command.call(redis, keyPrefix, ...args);
  };
  const ids = (key: string, ageMs: number) =>
    redis.zrangebyscore(`${keyPrefix}:${key}`, '-inf', String(Date.now() - ageMs));
  return {
    async put({ id, lane, person, conversation, direct, job, refusal }) {
      const reply = await run('put', id, lane, person, conversation, direct ? 1 : 0, job, refusal, Date.now());
      const [outcome, admitted] = putReplySchema.parse(reply);
      return { outcome, admitted };
    },
    async begin(id) {
      const reply = beginReplySchema.parse(await run('begin', id, Date.now()));
      if (reply.length === 2) return { turn: undefined, admitted: reply[1] };
      const [begun, admitted, job, state, firstTryAt, answer, posted, first] = reply;
      const turn = {
        job,
        answer: answer ?? undefined,
        posted: Number(posted ?? 0),
        first: first === '1',
        firstTryAt,
        late: state === 'late',
        begun,
      };
      return { turn, admitted };
    },
    save: async (id, begun, step) => (await run('save', id, begun, ...Object.entries(step).flat())) === 1,
    finish: async (id, state) => idsSchema.parse(await run('finish', id, state, Date.now())),
    state: async (id) =>
      stateSchema.nullable().parse(await redis.hget(`${keyPrefix}:message:${id}`, 'state')) ?? undefined,
    takesPart: async (conversation) => (await redis.exists(`${keyPrefix}:conversation:${conversation}`)) === 1,
    stranded: (ageMs) => ids('admitted', ageMs),
    open: (olderThanMs) => ids('open', olderThanMs),
    async counts() {
      const [open, oldest] = await Promise.all([
        redis.zcard(`${keyPrefix}:open`),
        redis.zrange(`${keyPrefix}:open`, '0', '0', 'WITHSCORES'),
      ]);
      return { open, oldestAt: oldest[1] === undefined ? undefined : Number(oldest[1]) };
    },
  };
}
