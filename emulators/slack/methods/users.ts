import { z } from 'zod';
import { Refusal, readArguments, textField } from '../refusal.ts';
import { people, team, yoda } from '../world.ts';
import type { Method } from './method.ts';

const userInfo: Method = {
  name: 'users.info',
  token: 'bot',
  scopes: ['users:read'],
  run(values) {
    const { user: id } = readArguments(z.object({ user: textField }), values);
    const person = people.find((known) => known.id === id);
    if (person === undefined && id !== yoda.user) throw new Refusal('user_not_found');
    const { name, realName } = person ?? yoda;
    return {
      user: {
        id,
        team_id: team.id,
        name,
        real_name: realName,
        deleted: false,
        is_admin: person?.admin ?? false,
        is_bot: person === undefined,
        profile: { display_name: name, real_name: realName },
      },
    };
  },
};

export const userMethods: readonly Method[] = [userInfo];
