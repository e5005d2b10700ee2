import { split } from '../../chat/split.ts';

/** The longest content that Discord takes, in UTF-16 units, so that code points never exceed it (docs: create message). */
export const longestPost = 2000;

/** Seen by nobody, but what stands behind it is no mention any more. */
const zeroWidthSpace = '\u200b';

/**
 * Cuts a text into posts within Discord's limit, with mentions and broadcasts made harmless. Lossless but for the zero-
 * width spaces; posts without a visible sign are left out, because Discord refuses them (50006).
 */
export function partsOf(text: string): readonly string[] {
  return split(harmless(text), longestPost).filter((part) => part.replaceAll(zeroWidthSpace, '').trim() !== '');
}

/** `allowed_mentions` alone already pings nobody; this also keeps a quoted or copied answer from doing so. */
export function harmless(text: string): string {
  return text
    .replace(/@(?=everyone|here)/gi, `@${zeroWidthSpace}`)
    .replace(/<(?=(?:@[!&]?|#)\d)/g, `<${zeroWidthSpace}`);
}
