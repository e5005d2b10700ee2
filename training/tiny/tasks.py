"""What the base model is trained on: plain restatements, the same messages turned when told to, and random words.

A held-out message is one whose words have a checksum divisible by twenty; training skips those, evaluation takes
only those, so the two can never share one, however many are drawn.
"""

import zlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from training.tiny.phrases import Draw
from training.tiny.talk import Message, message
from training.yoda.score import spoken_words

TURN = "Say the last part first."


class Lesson(NamedTuple):
    """One conversation: an optional system turn, what the user types, what the model shall answer."""

    system: str
    typed: str
    answer: str


def key(text: str) -> str:
    return " ".join(spoken_words(text))


def is_held_out(text: str) -> bool:
    return zlib.crc32(key(text).encode()) % 20 == 0


def messages(d: Draw, skip: frozenset[str] = frozenset(), held_out: bool = False) -> Iterator[Message]:
    """Messages of one side of the line for ever; `skip` holds the keys of sentences kept for evaluation."""
    while True:
        said = message(d)
        if is_held_out(said.typed) == held_out and key(said.typed) not in skip:
            yield said


_ODD = "éüñßçøå日本語你好שלוםпривет😀🚀👍❤🎉#@&%*+=_/0123456789"


_SMALL = "the|the|the|the|a|a|to|in|in|my|of|and|you|I|is|will|not|do"


def _random_word(d: Draw) -> str:
    """A third are small words that come more than once, so that a copier has to know which one it stands at."""
    if d.chance(0.33):
        return d.pick(_SMALL)
    roll = d.rng.random()
    if roll < 0.5:
        return d.made_up()
    if roll < 0.9:
        return d.entry(d.pick("noun|verb|adjective|mass|prep|adverb|possessive|number|object")).split(":")[0]
    if roll < 0.94:
        return "".join(d.rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(d.rng.randint(1, 9)))
    if roll < 0.96:
        return d.made_up().upper()
    if roll < 0.98:
        return d.made_up().capitalize()
    return "".join(d.rng.choice(_ODD) for _ in range(d.rng.randint(1, 4)))


def _sentence(words: list[str]) -> str:
    text = " ".join(words)
    return text[:1].upper() + text[1:] + "."


def lessons(seed: int, skip: frozenset[str], plain: float = 0.22, turned: float = 0.58) -> Iterator[Lesson]:
    """Lessons for ever: a share of plain restatements, a share of turned sentences, the rest random words."""
    rng = Random(seed)
    d = Draw(rng, everyday=0.5)
    said = messages(d, skip)
    while True:
        roll = rng.random()
        if roll < plain:
            one = next(said)
            yield Lesson("", one.typed, one.plain)
        elif roll < plain + turned:
            one = next(said)
            yield Lesson(TURN, one.typed, one.yoda)
        else:
            words = [_random_word(d) for _ in range(rng.randint(1, 12))]
            marks = [place for place, word in enumerate(words) if words.count(word) == 1]
            typed = " ".join(words) if rng.random() < 0.5 else _sentence(words)
            if roll < 0.3 + 0.7 * (plain + turned) or not marks:
                yield Lesson("", typed, _sentence(words))
            else:
                start = rng.choice(marks)
                yield Lesson(f"Start at {words[start]}.", typed, _sentence(words[start:] + words[:start]))
