import { randomBytes } from 'node:crypto';

/** Something wrong with the delivery of the next events. */
export interface Disturbance {
  /** Only events of this type; absent: all. */
  readonly t?: string;
  /** How many events it hits. */
  readonly times: number;
  readonly delayMs?: number;
  /** Sends the event twice. */
  readonly duplicate?: boolean;
}

/** A gateway session: it outlives its connection, and what was said meanwhile is sent when it resumes. */
export interface Session {
  readonly id: string;
  readonly intents: number;
  dispatch(t: string, d: object): void;
  /** Its connection through `send` has ended; one that was made since stays. */
  detach(send: Send): void;
}

export type Send = (value: object) => void;

export interface Sessions {
  all(): readonly Session[];
  begin(intents: number, send: Send): Session;
  /** Replays what came after `seq`, then says RESUMED; undefined when the session is not known. */
  resume(id: string, seq: number, send: Send): Session | undefined;
  forget(id: string): void;
  counts(): { readonly identified: number; readonly resumed: number };
  disturb(disturbance: Disturbance): void;
}

interface Live extends Session {
  replay(seq: number, send: Send): void;
}

export function createSessions(): Sessions {
  const live = new Map<string, Live>();
  const counts = { identified: 0, resumed: 0 };
  const troubles: { disturbance: Disturbance; left: number }[] = [];

  function troubleFor(t: string): Disturbance | undefined {
    const hit = troubles.find(({ disturbance, left }) => left > 0 && (disturbance.t ?? t) === t);
    if (hit === undefined) return undefined;
    hit.left--;
    return hit.disturbance;
  }

  return {
    all: () => [...live.values()],
    begin(intents, send) {
      const session = createSession(intents, send, troubleFor);
      live.set(session.id, session);
      counts.identified++;
      return session;
    },
    resume(id, seq, send) {
      const session = live.get(id);
      if (session === undefined) return undefined;
      counts.resumed++;
      session.replay(seq, send);
      session.dispatch('RESUMED', {});
      return session;
    },
    forget: (id) => void live.delete(id),
    counts: () => ({ ...counts }),
    disturb: (disturbance) => void troubles.push({ disturbance, left: disturbance.times }),
  };
}

function createSession(intents: number, first: Send, troubleFor: (t: string) => Disturbance | undefined): Live {
  const sent: { readonly op: 0; readonly t: string; readonly s: number; readonly d: object }[] = [];
  let send: Send | undefined = first;
  const number = (t: string, d: object) => {
    const event = { op: 0, t, s: sent.length + 1, d } as const;
    sent.push(event);
    send?.(event);
  };
  return {
    id: randomBytes(16).toString('hex'),
    intents,
    dispatch(t, d) {
      const trouble = troubleFor(t);
      const deliver = () => {
        number(t, d);
        if (trouble?.duplicate) number(t, d);
      };
      if (trouble?.delayMs === undefined) deliver();
      else setTimeout(deliver, trouble.delayMs).unref();
    },
    detach(from) {
      if (send === from) send = undefined;
    },
    replay(seq, to) {
      for (const event of sent.filter(({ s }) => s > seq)) to(event);
      send = to;
    },
  };
}
