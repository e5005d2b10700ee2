import { botContract } from '../../contract/bot.ts';
import { startBotUnderTest } from './bot-under-test.ts';

const traits = { redelivers: true, freeVerbs: true };
botContract('Slack over Socket Mode', traits, () => startBotUnderTest('socket'));
botContract('Slack over signed HTTP', traits, () => startBotUnderTest('http'));
