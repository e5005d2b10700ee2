import { botContract } from '../../contract/bot.ts';
import { startBotUnderTest } from './bot-under-test.ts';

botContract('Slack over Socket Mode', () => startBotUnderTest('socket'));
botContract('Slack over signed HTTP', () => startBotUnderTest('http'));
