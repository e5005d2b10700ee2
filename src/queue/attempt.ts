import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { type Answer, type AnswerMessage, answerSchema, exchangeOf } from '../chat/answer.ts';
import type { History } from '../chat/history.ts';
import { type Message, messageSchema, type Platform } from '../chat/message.ts';
import { voice } from '../chat/voice.ts';
import { reference, TransientError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type ChatJob, type Inbox, triesInAll, triesInLane } from './inbox.ts';
import type { MessageState, Step, Turn } from './lanes.ts';
import type { Replier } from './replier.ts';

interface AttemptDeps {
  readonly inbox: Inbox;
  readonly answer: AnswerMessage;
  readonly history: History;
  readonly repliers: ReadonlyMap<Platform, Replier>;
  readonly log: Log;
  /** Aborted when the process must go and this message is to be handed back. */
  readonly closing: AbortSignal;
}

/** One try at one message. */
interface Attempt extends AttemptDeps {
  readonly message: Message;
  readonly turn: Turn;
  readonly replier: Replier;
}

/** A lane waits for its first message at most this long after the first try. */
const laneWaitsMs = 120_000;

/** So many workers died over a message, or stood still: the next one does not think about it. */
const mostDeaths = triesInLane;

/** Thrown when another worker has begun the message since: this one says nothing more. */
class Superseded extends Error {}

/**
 * Takes one message a step further, from where an earlier try ended. Resolves when it is settled; throws for BullMQ:
 * a TransientError to be called again, an UnrecoverableError when the job is to be kept as failed.
 */
export async function workOn(job: Job<ChatJob>, token: string | undefined, deps: AttemptDeps): Promise<void> {
  const { turn, admitted } = await deps.inbox.lanes.begin(job.data.id);
  await deps.inbox.enqueue(admitted);
  if (turn === undefined) return;
  const stored = readStored(turn);
  if (stored === undefined) return unreadable(job, turn, deps);
  const { message } = stored;
  const replier = deps.repliers.get(message.platform);
  if (replier === undefined) throw new TransientError(`No bot for ${message.platform} is configured in this worker.`);
  const attempt: Attempt = { ...deps, message, turn, replier, log: deps.log.child({ message: message.id }) };
  let { answer } = stored;
  try {
    if (answer === undefined) {
      if (job.stalledCounter >= mostDeaths) throw new Error(`${job.stalledCounter} workers died over this message.`);
      answer = await deps.answer(message, deps.closing);
      await save(attempt, { answer: JSON.stringify(answer) });
    }
    await deliver(attempt, answer, turn.posted);
    await settle(attempt, answer.kind);
  } catch (error) {
    if (error instanceof Superseded) return;
    if (deps.closing.aborted && answer === undefined) return handBack(job, token);
    await fail(attempt, answer, job.attemptsMade + 1, asFault(error));
  }
}

/** What is stored of a message; undefined when another version of this service has written it. */
function readStored(turn: Turn): { readonly message: Message; readonly answer: Answer | undefined } | undefined {
  const message = messageSchema.safeParse(JSON.parse(turn.job));
  const answer = answerSchema.optional().safeParse(turn.answer === undefined ? undefined : JSON.parse(turn.answer));
  return message.success && answer.success ? { message: message.data, answer: answer.data } : undefined;
}

/** A newer worker may read it: tried as often as what a platform does not take, and its lane waits no longer for it. */
async function unreadable({ data: { id }, attemptsMade }: Job<ChatJob>, turn: Turn, deps: AttemptDeps): Promise<void> {
  const { inbox, log } = deps;
  const tries = attemptsMade + 1;
  const error = new TransientError(`What is stored of ${id} is of a shape that this version does not know.`);
  log.error({ err: error, message: id, tries }, 'A message cannot be read');
  if (turn.late ? tries < triesInAll : tries < triesInLane && inTime(turn)) throw error;
  await inbox.enqueue(await inbox.lanes.finish(id, turn.late ? 'undeliverable' : 'late'));
  throw turn.late ? new UnrecoverableError(error.message) : error;
}

/** Whether the lane still waits, or would after a wait that the other side asks for: not for an hour, if it asks for that. */
function inTime({ firstTryAt }: Turn, waitMs = 0): boolean {
  return Date.now() + waitMs - firstTryAt < laneWaitsMs;
}

/** Gives a message back unanswered, for another worker; it costs none of its tries. */
async function handBack(job: Job<ChatJob>, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now(), token);
  throw new DelayedError();
}

async function save(attempt: Attempt, step: Step): Promise<void> {
  const kept = await attempt.inbox.lanes.save(attempt.message.id, attempt.turn.begun, step);
  if (!kept) throw new Superseded();
}

/** Posts the parts from number `posted` on, recording each, and remembers the exchange. */
async function deliver(attempt: Attempt, answer: Answer, posted: number): Promise<void> {
  const { message, turn, replier, history } = attempt;
  const greeting = turn.first && answer.kind === 'answered' ? `${voice.introduction}\n\n` : '';
  const parts = replier.parts(greeting + answer.text);
  for (const [index, part] of parts.entries()) {
    if (index < posted) continue;
    // Only the part behind the last recorded one can have been posted by a try that did not live to record it.
    const again = turn.begun > 1 && index === posted;
    await replier.post(message.address, part, `${message.id}.${answer.kind}.${index}`, again);
    await save(attempt, { posted: index + 1 });
  }
  const exchange = exchangeOf(message, answer);
  if (exchange !== undefined) await history.remember(message.conversation, exchange);
}

type FinalState = Exclude<MessageState, 'waiting' | 'answering' | 'late'>;

async function settle(attempt: Attempt, state: FinalState): Promise<void> {
  const { inbox, message, turn, log } = attempt;
  await inbox.enqueue(await inbox.lanes.finish(message.id, state));
  log.info({ state, tries: turn.begun, tookMs: Date.now() - turn.firstTryAt }, 'Settled');
}

/** What Redis refuses (memory or disk full, a failover) says nothing about the message, and can pass. */
function asFault(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return error;
  return new TransientError(`Redis refused a command: ${error.message}`, { cause: error });
}

/** Decides what a failed try means: try again in the lane, let the lane go on and deliver later, or apologise. */
async function fail(attempt: Attempt, answer: Answer | undefined, tries: number, error: unknown): Promise<void> {
  const { turn, log } = attempt;
  const transient = error instanceof TransientError;
  const again = turn.late
    ? tries < triesInAll
    : tries < triesInLane && inTime(turn, transient ? error.retryAfterMs : 0);
  if (transient && again) {
    log.warn({ err: error, tries }, 'A try failed; another follows');
    throw error;
  }
  if (transient && !turn.late && answer !== undefined) return deliverLater(attempt, error);
  if (answer?.kind === 'apologised' || (transient && turn.late)) return undeliverable(attempt, error);
  return apologise(attempt, error);
}

/** The platform is away: the lane goes on, the words follow when it is back. */
async function deliverLater(attempt: Attempt, error: Error): Promise<never> {
  attempt.log.warn({ err: error }, 'The platform does not take the answer; it is delivered later');
  await attempt.inbox.enqueue(await attempt.inbox.lanes.finish(attempt.message.id, 'late'));
  throw error;
}

async function undeliverable(attempt: Attempt, error: unknown): Promise<never> {
  attempt.log.error({ err: error }, 'The platform refuses the answer for good; the message is kept as failed');
  await settle(attempt, 'undeliverable');
  throw new UnrecoverableError(`undeliverable: ${String(error)}`);
}

async function apologise(attempt: Attempt, first: unknown): Promise<void> {
  const quoted = reference();
  attempt.log.error({ err: first, reference: quoted }, 'A message could not be answered; the person gets an apology');
  const apology: Answer = { kind: 'apologised', text: voice.apology(quoted) };
  try {
    // In one step: were only the answer kept, the parts of the former one would count as posted of the apology.
    await save(attempt, { answer: JSON.stringify(apology), posted: 0 });
    await deliver(attempt, apology, 0);
  } catch (error) {
    if (error instanceof Superseded) return;
    const second = asFault(error);
    if (second instanceof TransientError) return deliverLater(attempt, second);
    return undeliverable(attempt, second);
  }
  await settle(attempt, 'apologised');
  throw new UnrecoverableError(`${quoted}: ${String(first)}`);
}
