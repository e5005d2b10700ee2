import type { Command } from './command.ts';
import { type StatusDeps, status } from './status.ts';

/** What the commands need between them; built in main.ts. */
export type CommandDeps = StatusDeps;

/** Every ops command, in the order in which help lists them. A new one is a file beside this and a line here. */
export const commands: readonly Command<CommandDeps>[] = [status];
