/** The workspace "Dagobah" as it stands when the emulator starts. Ids look like Slack's and never change. */

export interface Person {
  readonly id: string;
  /** The handle, lower case. */
  readonly name: string;
  readonly realName: string;
  readonly title: string;
  readonly admin: boolean;
  /** The direct-message channel between this person and Yoda. */
  readonly direct: string;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'group' | 'im';
  /** User ids; the bot user is one of them where it was invited. */
  readonly members: readonly string[];
}

export const team = { id: 'T0DAGOBAH1', name: 'Dagobah', domain: 'dagobah' } as const;

/** The app under test. */
export const yoda = {
  user: 'U0YODA0001',
  bot: 'B0YODA0001',
  app: 'A0YODA0001',
  name: 'yoda',
  realName: 'Yoda',
} as const;

/** Another app's bot in the same workspace. */
export const artoo = {
  user: 'U0ARTOO001',
  bot: 'B0ARTOO001',
  app: 'A0ARTOO001',
  name: 'r2-d2',
  realName: 'R2-D2',
} as const;

export const leia: Person = {
  id: 'U0LEIA0001',
  name: 'leia',
  realName: 'Leia',
  title: 'Admin',
  admin: true,
  direct: 'D0LEIA0001',
};

export const luke: Person = {
  id: 'U0LUKE0001',
  name: 'luke',
  realName: 'Luke',
  title: 'Member',
  admin: false,
  direct: 'D0LUKE0001',
};

export const people: readonly Person[] = [leia, luke];

const everybody = [...people.map(({ id }) => id), yoda.user, artoo.user];

export const general: Channel = { id: 'C0GENERAL1', name: 'general', kind: 'channel', members: everybody };
export const council: Channel = { id: 'C0COUNCIL1', name: 'jedi-council', kind: 'channel', members: everybody };

export const channels: readonly Channel[] = [
  general,
  council,
  ...people.map(({ id, direct }) => ({ id: direct, name: '', kind: 'im' as const, members: [id, yoda.user] })),
];
