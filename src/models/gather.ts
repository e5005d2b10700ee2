/** How one question of a request went; an error belongs to its question alone. */
export type Outcome<Answer> = { readonly answer: Answer } | { readonly error: Error };

export interface GatherOptions<Question, Answer> {
  /** Questions in one request at most. */
  readonly most: number;
  /** Requests under way at the same time; asked anew before each, because replicas come and go. */
  readonly inFlight: () => number;
  /** Only questions with the same key go together. */
  readonly together: (question: Question) => string;
  /** Answers as many outcomes as there are questions, in their order. A rejection fails all of them. */
  readonly send: (questions: readonly Question[], signal: AbortSignal) => Promise<readonly Outcome<Answer>[]>;
}

interface Waiter<Question, Answer> {
  readonly question: Question;
  readonly key: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  /** Stops listening to the asker's signal. */
  readonly rest: () => void;
  gone: boolean;
  /** Told when the asker leaves while the request is under way. */
  left: () => void;
}

/**
 * Makes few requests of many questions. While one is under way the next ones gather, without a timer: an idle model
 * is asked at once, a busy one in ever fuller requests. First come, first sent. Who aborts leaves the gathering; a
 * request that nobody waits for any more is aborted.
 */
export function createGather<Question, Answer>(options: GatherOptions<Question, Answer>) {
  type Asker = Waiter<Question, Answer>;
  let waiting: Asker[] = [];
  let underWay = 0;

  function take(first: Asker): Asker[] {
    const batch = waiting.filter(({ key }) => key === first.key).slice(0, options.most);
    const taken = new Set(batch);
    waiting = waiting.filter((waiter) => !taken.has(waiter));
    return batch;
  }

  function next(): void {
    for (let first = waiting[0]; first !== undefined && underWay < options.inFlight(); first = waiting[0]) {
      underWay++;
      void sendOff(take(first)).finally(() => {
        underWay--;
        next();
      });
    }
  }

  async function sendOff(batch: readonly Asker[]): Promise<void> {
    const giveUp = new AbortController();
    for (const waiter of batch) {
      waiter.left = () => {
        if (batch.every(({ gone }) => gone)) giveUp.abort();
      };
    }
    try {
      const outcomes = await options.send(
        batch.map(({ question }) => question),
        giveUp.signal,
      );
      for (const [index, waiter] of batch.entries()) settle(waiter, outcomes[index]);
    } catch (error) {
      for (const waiter of batch) settle(waiter, { error });
    }
  }

  return (question: Question, signal: AbortSignal): Promise<Answer> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiter.gone = true;
        waiting = waiting.filter((other) => other !== waiter);
        waiter.rest();
        reject(signal.reason);
        waiter.left();
      };
      const rest = () => signal.removeEventListener('abort', leave);
      const key = options.together(question);
      const waiter: Asker = { question, key, resolve, reject, rest, gone: false, left: () => undefined };
      signal.addEventListener('abort', leave);
      waiting.push(waiter);
      // Behind this turn's other askers, so that they go together.
      queueMicrotask(next);
    });
  };
}

function settle<Answer>(
  waiter: Waiter<unknown, Answer>,
  outcome: Outcome<Answer> | { readonly error: unknown } | undefined,
): void {
  waiter.rest();
  if (outcome === undefined) waiter.reject(new Error('A request ended without an outcome for each question.'));
  else if ('answer' in outcome) waiter.resolve(outcome.answer);
  else waiter.reject(outcome.error);
}
