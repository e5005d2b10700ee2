import { describe, expect, test } from 'vitest';
import {
  adminRoleId,
  botId,
  channels,
  councilId,
  generalId,
  leiaId,
  lukeDirectId,
  lukeId,
  memberRoleId,
  people,
} from '../../../emulators/discord/world.ts';
import { startYoda, type Yoda } from './yoda.ts';

const patient = { timeout: 5000, interval: 10 };
const yoda = `<@${botId}>`;
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 60));

/** What Yoda has said for all, newest last. */
const said = ({ discord }: Yoda) =>
  discord
    .transcript()
    .filter(({ message }) => message.author.id === botId)
    .map(({ message }) => message.content);

describe('what Yoda hears in Discord', () => {
  test('a person in a channel has an own lane and conversation, a thread and a direct channel are shared', async () => {
    await using it = await startYoda();
    const { discord } = it;
    const { message } = discord.say(leiaId, generalId, `${yoda} one`);
    discord.say(lukeId, generalId, `${yoda} two`);
    const thread = discord.startThread(leiaId, generalId, message.id, 'Lessons');
    discord.say(leiaId, thread.id, `${yoda} three`);
    discord.say(lukeId, thread.id, `${yoda} four`);
    discord.dm(lukeId, 'five');
    await expect.poll(() => it.heard.length, patient).toBe(5);
    const lanes = Object.fromEntries(it.heard.map(({ text, lane, conversation }) => [text, [lane, conversation]]));
    const own = (id: string) => [`discord:${generalId}:${id}`, `discord:${generalId}:${id}`];
    expect(lanes).toEqual({
      one: own(leiaId),
      two: own(lukeId),
      three: [`discord:${thread.id}`, `discord:${thread.id}`],
      four: [`discord:${thread.id}`, `discord:${thread.id}`],
      five: [`discord:${lukeDirectId}`, `discord:${lukeDirectId}`],
    });
    expect(it.heard[0]?.id).toBe(`discord-${message.id}`);
  });

  test('mentions of others, roles, channels and custom signs become readable words', async () => {
    await using it = await startYoda();
    it.discord.say(
      leiaId,
      generalId,
      `${yoda}, tell <@${lukeId}> of <@&${adminRoleId}> in <#${councilId}> </yoda ask:${botId}> <:saber:${botId}>`,
    );
    await expect
      .poll(() => it.heard.map(({ text }) => text), patient)
      .toEqual([', tell @Luke of @Admin in #jedi-council /yoda ask :saber:']);
  });

  test('blanks and line breaks inside a message stay as they were typed', async () => {
    await using it = await startYoda();
    it.discord.say(leiaId, generalId, `${yoda}   if  (a)\n    b`);
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['if  (a)\n    b']);
  });

  test('a reply to Yoda is heard without a mention, with the ping switched off too', async () => {
    await using it = await startYoda();
    const own = it.discord.say(botId, generalId, 'Speak, you may.');
    const other = it.discord.say(lukeId, generalId, 'Not Yoda.');
    it.discord.reply(leiaId, generalId, own.message.id, 'I speak.');
    it.discord.reply(leiaId, generalId, own.message.id, 'I speak quietly.', false);
    it.discord.reply(leiaId, generalId, other.message.id, 'This is for Luke.');
    await expect.poll(() => it.heard.length, patient).toBe(2);
    await aMoment();
    expect(it.heard.map(({ text }) => text)).toEqual(['I speak.', 'I speak quietly.']);
  });

  test('a mention of everyone is not a mention of Yoda', async () => {
    await using it = await startYoda();
    it.discord.say(leiaId, generalId, '@everyone the council meets');
    it.discord.dm(leiaId, 'done');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['done']);
  });

  test('in a thread where Yoda takes part no mention is needed, unless somebody else is named', async () => {
    const asked: string[] = [];
    await using it = await startYoda({
      hearing: { takesPart: async (conversation) => asked.push(conversation) > 0 },
    });
    const { message } = it.discord.say(leiaId, generalId, 'A thread is about to begin.');
    const thread = it.discord.startThread(leiaId, generalId, message.id, 'Lessons');
    it.discord.say(leiaId, thread.id, `<@${lukeId}> this is for you.`);
    it.discord.say(leiaId, thread.id, 'And this is for Yoda.');
    it.discord.say(leiaId, generalId, 'Outside of threads it is not.');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['And this is for Yoda.']);
    await aMoment();
    expect(asked).toEqual([`discord:${thread.id}`]);
  });

  test('a message that could not be stored is answered with the wish to send it again', async () => {
    await using it = await startYoda({ hearing: { takeIn: () => Promise.reject(new Error('Redis is away')) } });
    it.discord.dm(leiaId, 'Keep this.');
    await expect.poll(() => said(it).join(), patient).toContain('again send it');
    expect(it.logged.map(({ msg }) => msg)).toContain('A message could not be stored');
  });

  test('a message that Redis takes only later is stored, once, and before what was said after it', async () => {
    const heard: string[] = [];
    let refusals = 2;
    await using it = await startYoda({
      hearing: {
        takeIn: async ({ text }) => {
          if (text === 'first' && refusals-- > 0) throw new Error('Redis is away');
          heard.push(text);
        },
      },
    });
    it.discord.dm(leiaId, 'first');
    it.discord.dm(leiaId, 'second');
    await expect.poll(() => heard, patient).toEqual(['first', 'second']);
    expect(said(it)).toEqual([]);
  });

  test('help that Redis lets nobody claim at first is given when it does', async () => {
    let refusals = 2;
    await using it = await startYoda({
      hearing: {
        once: async (_, act) => {
          if (refusals-- > 0) throw new Error('Redis is away');
          await act();
        },
      },
    });
    it.discord.dm(leiaId, 'help');
    await expect.poll(() => said(it).join(), patient).toContain('Yoda I am.');
  });

  test('a mention alone is answered with help', async () => {
    await using it = await startYoda();
    it.discord.say(leiaId, generalId, yoda);
    await expect.poll(() => said(it).join(), patient).toContain('Yoda I am.');
    expect(it.heard).toEqual([]);
  });

  test('a listener that throws does not end the process, and the next message is heard', async () => {
    await using it = await startYoda();
    it.discord.faults.add({ method: 'POST', path: '/messages$', status: 403, body: { code: 50013, message: 'no' } });
    it.discord.say(leiaId, generalId, `${yoda} help`);
    await expect
      .poll(() => it.logged.map(({ msg }) => msg), patient)
      .toContain('Discord failed while hearing a message');
    it.discord.dm(leiaId, 'Still here?');
    await expect.poll(() => it.heard.length, patient).toBe(1);
  });
});

describe('without the message content intent', () => {
  const gated = { discord: { privilegedIntents: [] }, messageContent: false } as const;

  test('the log says once what that changes; mentions and direct messages are heard in full', async () => {
    await using it = await startYoda(gated);
    expect(it.logged.filter(({ msg }) => msg.includes('message content intent'))).toHaveLength(1);
    it.discord.say(leiaId, generalId, `${yoda} one`);
    it.discord.dm(leiaId, 'two');
    const own = it.discord.say(botId, generalId, 'Speak.');
    it.discord.reply(lukeId, generalId, own.message.id, 'three');
    await expect.poll(() => it.heard.map(({ text }) => text), patient).toEqual(['one', 'two', 'three']);
  });

  test('a reply that Discord blanks is answered with what to do instead', async () => {
    await using it = await startYoda(gated);
    const own = it.discord.say(botId, generalId, 'Speak.');
    it.discord.reply(leiaId, generalId, own.message.id, 'Quietly I speak.', false);
    await expect.poll(() => said(it).at(-1), patient).toContain('@Yoda in your message write');
    expect(it.heard).toEqual([]);
  });
});

describe('ops behind a mention', () => {
  test('the asker has the roles that Discord vouches for, without the role of everyone', async () => {
    await using it = await startYoda();
    it.discord.say(leiaId, generalId, `${yoda} ops traffic version:3 note:"a quiet day"`);
    await expect.poll(() => it.asked.length, patient).toBe(1);
    expect(it.asked[0]).toEqual({
      asker: { platform: 'discord', id: leiaId, roles: [adminRoleId, memberRoleId], channel: generalId },
      request: { text: 'traffic version:3 note:"a quiet day"' },
    });
  });

  test('an outcome for the asker alone goes to their direct messages', async () => {
    await using it = await startYoda({ outcome: { text: 'A secret.', visibility: 'asker' } });
    it.discord.say(lukeId, generalId, `${yoda} ops status`);
    await expect.poll(() => said(it).length, patient).toBe(2);
    const places = it.discord.transcript().filter(({ message }) => message.content === 'A secret.');
    expect(places.map(({ message }) => message.channel_id)).toEqual([lukeDirectId]);
  });

  test('where direct messages are closed the channel learns only that', async () => {
    const closed = people.map((person) => ({ ...person, refusesDirect: true }));
    await using it = await startYoda({
      discord: { people: closed },
      outcome: { text: 'A secret.', visibility: 'asker' },
    });
    it.discord.say(lukeId, generalId, `${yoda} ops status`);
    await expect.poll(() => said(it).join(), patient).toContain('closed your direct messages are');
    expect(said(it).join()).not.toContain('A secret.');
  });

  test('an outcome for the channel is a reply in it', async () => {
    await using it = await startYoda({ outcome: { text: 'Shifted it is.', visibility: 'channel' } });
    const { message } = it.discord.say(leiaId, generalId, `${yoda} ops status`);
    await expect.poll(() => said(it), patient).toEqual(['Shifted it is.']);
    expect(it.discord.transcript().at(-1)?.message).toMatchObject({
      type: 19,
      channel_id: generalId,
      message_reference: { message_id: message.id },
    });
  });

  test('a channel where Yoda may not write ends nothing but that answer', async () => {
    const quiet = channels.map((channel) => ({ ...channel, botMay: 'read' as const }));
    await using it = await startYoda({ discord: { channels: quiet } });
    it.discord.say(leiaId, generalId, `${yoda} help`);
    it.discord.dm(leiaId, 'Hello.');
    await expect.poll(() => it.heard.length, patient).toBe(1);
  });
});
