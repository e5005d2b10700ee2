import { generalId, leiaId, lukeDirectId, lukeId } from '../../emulators/discord/world.ts';
import { general, leia, luke, yoda } from '../../emulators/slack/world.ts';
import { until } from '../queue/house.ts';
import type { Stack } from './stack.ts';

/** What Yoda has said in Slack, oldest first, as people read it. */
export function slackAnswers(
  stack: Stack,
  where: { readonly channel?: string; readonly thread?: string } = {},
): string[] {
  return stack.slack
    .transcript()
    .filter((entry) => entry.bot !== undefined && entry.ephemeralTo === undefined)
    .filter((entry) => where.channel === undefined || entry.channel === where.channel)
    .filter((entry) => where.thread === undefined || entry.thread === where.thread)
    .map((entry) => entry.shown);
}

export { general, generalId, leia, leiaId, luke, lukeDirectId, lukeId, until, yoda };
