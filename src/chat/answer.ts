import { z } from 'zod';
import type { GenerationParameters, Model } from '../models/model.ts';
import type { ServedModel } from '../models/served.ts';
import type { Exchange, History } from './history.ts';
import type { Message } from './message.ts';
import { createTemplate, type PromptTemplate, type Turn } from './template.ts';
import { voice } from './voice.ts';

export const answerSchema = z.object({
  /** Markdown. */
  text: z.string(),
  /** `refused`: the words say why the model was not asked. `apologised`: it was asked in vain. */
  kind: z.enum(['answered', 'refused', 'apologised']),
  /** Which version of the model said it; absent where none did. */
  modelVersion: z.string().optional(),
});

/** What Yoda has to say to one message. Stored before it is posted, so that a later try posts and does not think again. */
export type Answer = z.infer<typeof answerSchema>;

/** message -> history -> template -> model -> words. Throws TransientError for what can pass. */
export type AnswerMessage = (message: Message, signal: AbortSignal) => Promise<Answer>;

export interface AnswerDeps {
  readonly model: Model;
  /** What stands behind the endpoint now; cheap to call for every message. */
  readonly served: () => Promise<ServedModel>;
  readonly history: History;
}

export function createAnswer(deps: AnswerDeps): AnswerMessage {
  const templates = new WeakMap<ServedModel, PromptTemplate>();
  const templateOf = (served: ServedModel): PromptTemplate => {
    const known = templates.get(served) ?? createTemplate(served.tokenizerConfig, served.tokenizerJson);
    templates.set(served, known);
    return known;
  };

  return async (message, signal) => {
    if (message.intent === 'reset') {
      await deps.history.forget(message.conversation);
      return { text: voice.forgotten, kind: 'answered' };
    }
    const question = readable(message.text);
    if (question === '') return { text: voice.silence, kind: 'refused' };
    const served = await deps.served();
    const template = templateOf(served);
    const { serving } = served;
    const past = await deps.history.recent(message.conversation, serving.history_turns);
    const room = serving.context_tokens - serving.max_new_tokens;
    const bare = template.render([{ role: 'user', content: question }]);
    const tokens = template.count(bare);
    if (tokens > room) return { text: tooLong(question, tokens, room), kind: 'refused' };
    const prompt = withHistory(question, past, template, room) ?? bare;
    const completion = await deps.model({ prompt, parameters: parametersOf(serving), signal });
    const text = completion.text.trim() === '' ? voice.noWords : completion.text.trim();
    return { text, kind: 'answered', modelVersion: completion.modelVersion };
  };
}

/** What is remembered of an answered message, for the prompts of later ones. */
export function exchangeOf(message: Message, answer: Answer): Exchange | undefined {
  if (message.intent !== 'ask' || answer.kind !== 'answered') return undefined;
  return { id: message.id, saidAt: message.saidAt, user: readable(message.text), assistant: answer.text };
}

/** Says how many words would fit, reckoned by how many tokens this person's own words took. */
function tooLong(question: string, tokens: number, room: number): string {
  const words = question.split(/\s+/).length;
  const fitting = Math.max(1, Math.floor((words * room) / tokens));
  return voice.tooLong(words, fitting);
}

/** The prompt with as much of the past as fits into `room` tokens, the oldest left out first; undefined when none fits. */
function withHistory(
  question: string,
  past: readonly Exchange[],
  template: PromptTemplate,
  room: number,
): string | undefined {
  for (let from = 0; from < past.length; from++) {
    const turns: Turn[] = past.slice(from).flatMap(({ user, assistant }): Turn[] => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]);
    const prompt = template.render([...turns, { role: 'user', content: question }]);
    if (template.count(prompt) <= room) return prompt;
  }
  return undefined;
}

/**
 * Without control characters (line breaks and tabs stay), byte order marks and halves of surrogate pairs: nothing that
 * people mean, and nothing that a tokenizer was trained on.
 */
function readable(text: string): string {
  const visible = text.toWellFormed().replaceAll('\ufeff', '');
  return visible.replace(/\p{Cc}/gu, (control) => (/\s/.test(control) ? control : ' ')).trim();
}

function parametersOf(serving: ServedModel['serving']): GenerationParameters {
  const { max_new_tokens, temperature, top_k, top_p } = serving;
  return temperature > 0 ? { max_new_tokens, temperature, top_k, top_p } : { max_new_tokens, temperature };
}
