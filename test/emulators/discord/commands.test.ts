import { Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../../emulators/discord/commands.ts';
import { readLine } from '../../../emulators/discord/slash-line.ts';
import { botId, generalId, guildId, leiaId, lukeId } from '../../../emulators/discord/world.ts';
import { startWithRest } from './world.ts';

const route = Routes.applicationCommands(botId);
const command = (name: string, options: readonly object[] = []) => ({ name, description: 'What it does', options });
const option = (name: string, more: object = {}) => ({ type: 3, name, description: 'What it is', ...more });

describe('registering commands', () => {
  test.each([
    ['a name in capitals', [command('Yoda')], 'APPLICATION_COMMAND_INVALID_NAME'],
    ['a name that is too long', [command('y'.repeat(33))], 'BASE_TYPE_BAD_LENGTH'],
    ['the same name twice', [command('a'), command('a')], 'APPLICATION_COMMANDS_DUPLICATE_NAME'],
    ['a description that is too long', [{ name: 'a', description: 'x'.repeat(101) }], 'BASE_TYPE_BAD_LENGTH'],
    [
      'an optional option before a required one',
      [command('a', [option('x'), option('y', { required: true })])],
      'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
    ],
    [
      '26 options',
      [
        command(
          'a',
          Array.from({ length: 26 }, (_, index) => option(`o${index}`)),
        ),
      ],
      'BASE_TYPE_MAX_LENGTH',
    ],
    [
      'subcommands beside options',
      [command('a', [option('x'), { type: 1, name: 'y', description: 'z' }])],
      'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
    ],
    [
      'more than 8,000 characters',
      [
        command(
          'a',
          Array.from({ length: 25 }, (_, index) => ({
            type: 1,
            name: `s${index}`,
            description: 'x'.repeat(100),
            options: Array.from({ length: 4 }, (_, inner) => option(`o${inner}`, { description: 'x'.repeat(100) })),
          })),
        ),
      ],
      'APPLICATION_COMMAND_TOO_LARGE',
    ],
  ])('refuses %s', async (_, body, code) => {
    await using it = await startWithRest();
    const refusal = await it.rest.put(route, { body }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 50035 });
    expect(JSON.stringify(refusal)).toContain(code);
    expect(it.discord.commands()).toEqual([]);
  });

  test('overwrites the whole set, keeps the ids of known names, and counts new ones a day', async () => {
    await using it = await startWithRest({ commandCreatesLeft: 2 });
    await it.rest.put(route, { body: [command('a'), command('b')] });
    const [first] = it.discord.commands();
    await it.rest.put(route, { body: [command('a')] });
    expect(it.discord.commands().map(({ id }) => id)).toEqual([first?.id]);
    await expect(it.rest.put(route, { body: [command('c')] })).rejects.toMatchObject({ code: 30034 });
    expect(await it.rest.get(route)).toMatchObject([{ name: 'a', application_id: botId }]);
  });

  test('keeps the commands of the guild beside the global ones', async () => {
    await using it = await startWithRest();
    await it.rest.put(Routes.applicationGuildCommands(botId, guildId), { body: [command('here')] });
    expect(await it.rest.get(Routes.applicationGuildCommands(botId, guildId))).toMatchObject([{ guild_id: guildId }]);
    expect(await it.rest.get(route)).toEqual([]);
  });

  test('a command for administrators is offered to them alone', async () => {
    await using it = await startWithRest();
    await it.rest.put(route, { body: [{ ...command('purge'), default_member_permissions: '0' }] });
    const names = (person: string) => it.discord.offered(person, generalId).map(({ name }) => name);
    expect([names(leiaId), names(lukeId)]).toEqual([['purge'], []]);
  });
});

describe('a typed line', () => {
  const commands: Command[] = [
    {
      id: '1',
      version: '1',
      type: 1,
      name: 'ops',
      description: 'x',
      options: [
        {
          type: 1,
          name: 'traffic',
          description: 'x',
          options: [
            { type: 4, name: 'version', description: 'x', required: true, min_value: 1, max_value: 9 },
            { type: 3, name: 'note', description: 'x' },
            { type: 5, name: 'dry-run', description: 'x' },
            { type: 3, name: 'pace', description: 'x', choices: [{ name: 'Slow', value: 'slow' }] },
            { type: 10, name: 'share', description: 'x' },
          ],
        },
        { type: 2, name: 'model', description: 'x', options: [{ type: 1, name: 'list', description: 'x' }] },
      ],
    },
  ];
  const values = (line: string) => JSON.stringify(readLine(line, commands).options);

  test('becomes the options that a client would send', () => {
    expect(values('/ops traffic version:3 note:a quiet day dry-run:True pace:Slow share:0.5')).toBe(
      JSON.stringify([
        {
          name: 'traffic',
          type: 1,
          options: [
            { name: 'version', type: 4, value: 3 },
            { name: 'note', type: 3, value: 'a quiet day' },
            { name: 'dry-run', type: 5, value: true },
            { name: 'pace', type: 3, value: 'slow' },
            { name: 'share', type: 10, value: 0.5 },
          ],
        },
      ]),
    );
    expect(values('/ops traffic 3 note:"see http://x: it works"')).toContain('"see http://x: it works"');
    expect(values('/ops model list')).toBe(
      '[{"name":"model","type":2,"options":[{"name":"list","type":1,"options":[]}]}]',
    );
  });

  test.each([
    ['/nothing', 'No command matches /nothing.'],
    ['/ops', 'Pick one of /ops traffic, /ops model.'],
    ['/ops traffic', 'version: This option is required. Specify a value.'],
    ['/ops traffic version:two', 'version: Specify a valid integer.'],
    ['/ops traffic version:2.5', 'version: Specify a valid integer.'],
    ['/ops traffic version:10', 'version: Specify a value of at most 9.'],
    ['/ops traffic version:0', 'version: Specify a value of at least 1.'],
    ['/ops traffic version:1 dry-run:maybe', 'dry-run: Specify a valid boolean: True or False.'],
    ['/ops traffic version:1 pace:warp', 'pace: Specify a valid option.'],
  ])('%s is not sent, and the person is told why', (line, words) => {
    expect(() => readLine(line, commands)).toThrow(words);
  });
});
