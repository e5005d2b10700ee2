/** The world that the emulator starts with. The ids are constants, so that an access file can name people and roles. */
export const guildId = '1180000000000000100';
/** Discord gives the bot user the id of its application. */
export const botId = '1180000000000000001';
export const leiaId = '1180000000000000011';
export const lukeId = '1180000000000000012';
export const adminRoleId = '1180000000000000021';
export const memberRoleId = '1180000000000000022';
export const generalId = '1180000000000000031';
export const councilId = '1180000000000000032';
export const leiaDirectId = '1180000000000000041';
export const lukeDirectId = '1180000000000000042';

export interface Person {
  readonly id: string;
  /** Discord's user name: lower case. */
  readonly username: string;
  /** What the guild shows. */
  readonly name: string;
  readonly roles: readonly string[];
  readonly bot: boolean;
  /** Takes no messages from the bot (their privacy settings): 50007. */
  readonly refusesDirect?: boolean;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  /** Permission bits as a decimal string. */
  readonly permissions: string;
}

export interface ChannelSeed {
  readonly id: string;
  readonly name: string;
  /** What the bot's permissions let it do there; `nothing` answers 50001, `read` answers 50013 to a post. */
  readonly botMay: 'everything' | 'read' | 'nothing';
}

const administrator = 1n << 3n;
const ordinary = 309_237_763_136n; // view, send, threads, embed, attach, read history, react

export const guildName = 'Dagobah';

export const yoda: Person = { id: botId, username: 'yoda', name: 'Yoda', roles: [], bot: true };

export const people: readonly Person[] = [
  { id: leiaId, username: 'leia', name: 'Leia', roles: [adminRoleId, memberRoleId], bot: false },
  { id: lukeId, username: 'luke', name: 'Luke', roles: [memberRoleId], bot: false },
];

export const roles: readonly Role[] = [
  // The role of everyone has the guild's own id.
  { id: guildId, name: '@everyone', permissions: String(ordinary) },
  { id: adminRoleId, name: 'Admin', permissions: String(administrator | ordinary) },
  { id: memberRoleId, name: 'Member', permissions: String(ordinary) },
];

export const channels: readonly ChannelSeed[] = [
  { id: generalId, name: 'general', botMay: 'everything' },
  { id: councilId, name: 'jedi-council', botMay: 'everything' },
];

/** The direct-message channel of each person with the bot; others are made when they first talk. */
export const directChannels: Readonly<Record<string, string>> = { [leiaId]: leiaDirectId, [lukeId]: lukeDirectId };
