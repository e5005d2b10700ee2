import type { Redis } from 'ioredis';
import type { Identity } from './access.ts';

/** One thing that somebody asked of the service's operation, and what came of it. */
interface AuditEntry {
  readonly who: Identity;
  readonly channel: string;
  readonly verb: string;
  readonly values: Readonly<Record<string, string | number | boolean>>;
  readonly result: 'done' | 'refused' | 'failed';
  /** The refusal's or fault's words. */
  readonly detail?: string;
}

/** Append-only, in a Redis stream that is never trimmed. */
export interface Audit {
  record(entry: AuditEntry): Promise<void>;
}

const stream = '{dagobah}:audit';

export function createAudit(deps: { readonly redis: Redis }): Audit {
  return {
    async record({ who, channel, verb, values, result, detail }) {
      const fields = { person: `${who.platform}:${who.id}`, channel, verb, values: JSON.stringify(values), result };
      await deps.redis.xadd(stream, '*', ...Object.entries({ ...fields, detail: detail ?? '' }).flat());
    },
  };
}
