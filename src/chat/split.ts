/** A piece of a longer text. `head` and `tail` reopen and close a code fence that runs over the cut. */
interface Piece {
  readonly head: string;
  readonly body: string;
  readonly tail: string;
}

/** An open code fence: the marker that closes it and the line that opens it again. */
interface Fence {
  readonly marker: string;
  readonly opening: string;
}

// A marker longer than ten is decoration, not code; taking it for a fence could leave no room for the text.
const fenceLine = /^ {0,3}(`{3,10}|~{3,10})(?![`~])([^\n`]*)$/;
const longestLanguage = 20;
const longestTail = '\n'.length + 10;

/**
 * Cuts a text into pieces of at most `limit` UTF-16 units (at least 60), at a paragraph, line, sentence or word where
 * one is near. Lossless: the bodies joined are the text. A code fence that runs over a cut is closed before it and
 * reopened behind it, and one that the text leaves open is closed at its end. A surrogate pair is never cut.
 */
export function split(text: string, limit: number): string[] {
  return cut(text, limit).map(({ head, body, tail }) => head + body + tail);
}

/** `split` with each piece in its parts, so that losslessness can be shown. */
export function cut(text: string, limit: number): Piece[] {
  if (limit < 60) throw new RangeError(`A limit of ${limit} leaves no room for a fence and text.`);
  const pieces: Piece[] = [];
  let rest = text;
  let open: Fence | undefined;
  while (rest !== '') {
    const head = open?.opening ?? '';
    const room = limit - head.length;
    const whole = closing(rest, fenceAfter(rest, open));
    const body = rest.length + whole.length <= room ? rest : rest.slice(0, cutAt(rest, room - longestTail));
    rest = rest.slice(body.length);
    open = fenceAfter(body, open);
    pieces.push({ head, body, tail: closing(body, open) });
  }
  return pieces;
}

function closing(body: string, open: Fence | undefined): string {
  if (open === undefined) return '';
  return body.endsWith('\n') ? open.marker : `\n${open.marker}`;
}

/** The fence that is open behind `body`, if one was open before it. */
function fenceAfter(body: string, before: Fence | undefined): Fence | undefined {
  let open = before;
  for (const line of body.split('\n')) {
    const [, marker, info = ''] = fenceLine.exec(line) ?? [];
    if (marker === undefined) continue;
    if (open === undefined) {
      const language = info.trim().split(/\s/)[0]?.slice(0, longestLanguage) ?? '';
      open = { marker, opening: `${marker}${language}\n` };
    } else if (info.trim() === '' && marker.startsWith(open.marker)) {
      open = undefined;
    }
  }
  return open;
}

/** Where to cut within the first `most` units: the last good place in their second half, else at `most`. */
function cutAt(text: string, most: number): number {
  const window = text.slice(0, most);
  for (const boundary of ['\n\n', '\n', '. ', ' ']) {
    const at = window.lastIndexOf(boundary);
    if (at >= most / 2) return at + boundary.length;
  }
  const last = text.charCodeAt(most - 1);
  return last >= 0xd800 && last <= 0xdbff ? most - 1 : most;
}
