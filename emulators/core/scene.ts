/**
 * A chat platform as the playground shows it: what one person sees, and what that person can do.
 * Each chat emulator offers one; the page knows nothing else of Slack or Discord.
 */
export interface Scene {
  readonly name: 'Slack' | 'Discord';
  /**
   * Everything this person sees now, ephemeral messages for them included and those for others left out. Somebody who is
   * not there (an empty id) sees who is, and no channel.
   */
  view(person: string): View;
  /** Does what a person does. Rejects with the words that the real client would show. */
  act(person: string, action: Action): Promise<void>;
  /** Calls `listener` whenever any view may have changed; returns how to stop. */
  onChange(listener: () => void): () => void;
}

export interface View {
  readonly people: readonly { readonly id: string; readonly name: string; readonly title: string }[];
  readonly channels: readonly ViewChannel[];
  readonly messages: readonly ViewMessage[];
  /** Signs that somebody is at work: Slack's status line, Discord's typing. */
  readonly signs: readonly { readonly channel: string; readonly thread?: string; readonly text: string }[];
  /** Slash commands offered to this person, as shown while typing: `/yoda ask`. */
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  /** How this person writes a mention of the bot, to be inserted into a text. */
  readonly mention: string;
}

interface ViewChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'direct';
}

export interface ViewMessage {
  readonly id: string;
  readonly channel: string;
  /** The id of the thread's first message, on messages inside a thread. */
  readonly thread?: string;
  /** The id of the message that this one replies to (Discord). */
  readonly repliesTo?: string;
  readonly author: { readonly id: string; readonly name: string; readonly bot: boolean };
  /** What stands in it; `mrkdwn` is Slack's own markup, `markdown` is Discord's and that of Slack's markdown block. */
  readonly text: string;
  readonly format: 'mrkdwn' | 'markdown';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Seen by this person alone. */
  readonly ephemeral: boolean;
  readonly edited: boolean;
  readonly buttons: readonly {
    readonly id: string;
    readonly label: string;
    readonly style: 'plain' | 'primary' | 'danger';
  }[];
  readonly reactions: readonly string[];
}

export type Action =
  | {
      readonly kind: 'say';
      readonly channel: string;
      readonly thread?: string;
      readonly repliesTo?: string;
      readonly text: string;
    }
  /** `text` is the whole line, `/yoda ask …`. */
  | { readonly kind: 'command'; readonly channel: string; readonly text: string }
  | { readonly kind: 'click'; readonly message: string; readonly button: string };
