import type { Platform } from '../chat/message.ts';

/** Who asks, as the platform vouches for it. */
export interface Asker {
  readonly platform: Platform | 'terminal';
  /** The platform's own id: a Slack or Discord user id, an OS user. */
  readonly id: string;
  /** Discord role ids or Slack user groups that the platform says the person has. */
  readonly roles: readonly string[];
  /** Where it was asked. */
  readonly channel: string;
}

/** What was asked: the text behind `/yoda-ops`, or a verb with the values that a menu collected. */
export type Request =
  | { readonly text: string }
  | { readonly verb: string; readonly values: Readonly<Record<string, string | number | boolean>> };

/** What is said back, in Markdown. */
export interface Outcome {
  readonly text: string;
  readonly visibility: 'asker' | 'channel';
}

/** Never rejects: refusals and faults come back as words. */
export type RunCommand = (asker: Asker, request: Request) => Promise<Outcome>;
