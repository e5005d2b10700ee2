/** The sentences that Yoda says without asking the model, each once, so that they sound alike everywhere. */
export const voice = {
  introduction:
    'Yoda I am. Your words I turn: an ordinary English sentence write, and in my own order say it back I will. Facts I do not know, and promises I do not make.',
  forgotten: 'Forgotten, our talk is. Begin anew, we do.',
  silence: 'Silent, you are. A sentence write, and turn it I will.',
  noWords: 'Hmm. No words for this, I have.',
  wordsOnly: 'Words alone, turn I can. Pictures and files, read I cannot.',
  laneFull: (waiting: number) =>
    `Too many messages wait here already: ${waiting}. Not taken in, this one was. When answered those are, again send it.`,
  tooLong: (words: number, fitting: number) =>
    `Too long, this is: ${words} words. About ${fitting} such words at once, read I can. Shorter make it, or in pieces send it.`,
  apology: (reference: string) =>
    `Answer this, I could not. Not your fault, it is. Again ask me later, or this reference to your admin give: \`${reference}\``,
  notStored: 'Stored, your message could not be, so lost it is. In a minute, again send it.',
} as const;
