import { z } from 'zod';
import type { SlackClient } from './client.ts';

const personSchema = z.object({
  user: z.object({
    name: z.string(),
    profile: z.object({ display_name: z.string().optional(), real_name: z.string().optional() }),
  }),
});

const mostKnown = 5000;
/** A message with more mentions than this keeps the ids of the rest: each unknown name costs a call. */
const mostAsked = 10;

/** Asks Slack for people's display names and keeps them. Never fails: whom Slack does not name is left out. */
export function createNames(client: SlackClient): (ids: readonly string[]) => Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();

  async function ask(id: string): Promise<void> {
    const person = personSchema.safeParse(await client.users.info({ user: id }).catch(() => undefined)).data?.user;
    if (person === undefined) return;
    if (known.size >= mostKnown) known.clear();
    known.set(id, person.profile.display_name || person.profile.real_name || person.name);
  }

  return async (ids) => {
    const unknown = [...new Set(ids)].filter((id) => !known.has(id)).slice(0, mostAsked);
    await Promise.all(unknown.map(ask));
    return known;
  };
}
