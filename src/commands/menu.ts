import { commands } from './all.ts';
import type { Field } from './fields.ts';

/** One verb of `/yoda-ops`, as menus show it. */
export interface MenuEntry {
  readonly name: string;
  readonly summary: string;
  readonly fields: readonly Field[];
}

export function commandMenu(): readonly MenuEntry[] {
  return commands.map(({ name, summary, fields }) => ({ name, summary, fields }));
}
