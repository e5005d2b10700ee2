"""Noun phrases, places and times, drawn by chance from the lexicon and from invented words."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from training.tiny.words import held_out, inflect, invent, lexicon, plural


class Phrase(NamedTuple):
    text: str
    many: bool


@dataclass(frozen=True)
class Draw:
    """Chance and its bounds: the share of invented words, whether held-out words may come up, and the share of
    `everyday` phrases ("the cave", "to the market"), in which the same small words come again and again."""

    rng: Random
    invented: float = 0.3
    held_out_too: bool = False
    everyday: float = 0.0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def is_everyday(self) -> bool:
        """Draws no number where nothing everyday is asked for, so the files of pairs stay what they are."""
        return self.everyday > 0 and self.chance(self.everyday)

    def pick(self, options: str) -> str:
        return self.rng.choice(options.split("|"))

    def entry(self, kind: str) -> str:
        while True:
            entry = self.rng.choice(lexicon()[kind])
            if kind not in _OPEN or self.held_out_too or not held_out(entry.split(":")[0]):
                return entry

    def made_up(self) -> str:
        while True:
            word = invent(self.rng)
            if self.held_out_too or not held_out(word):
                return word

    def word(self, kind: str) -> str:
        return self.made_up() if self.chance(self.invented) else self.entry(kind)

    def verb(self, kind: str) -> dict[str, str]:
        return inflect(self.made_up() if self.chance(self.invented * 0.4) else self.entry(kind))


_OPEN = {"noun", "mass", "verb", "go", "rest", "adjective", "name", "place"}


def article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def proper(d: Draw) -> str:
    return d.made_up().capitalize() if d.chance(d.invented) else d.entry("name")


def noun_phrase(d: Draw, depth: int = 0) -> Phrase:
    """Anything that can be an object: "the old droid", "two moons", "my brother", "Luke", "green apples"."""
    roll = d.rng.random()
    if depth == 0 and roll < 0.05:
        first, second = noun_phrase(d, 1), noun_phrase(d, 1)
        return Phrase(f"{first.text} and {second.text}", True)
    if depth == 0 and roll < 0.12:
        return Phrase(f"{_plain_noun(d).text} of {_plain_noun(d).text}", False)
    if depth == 0 and roll < 0.15:
        return Phrase(f"{_plain_noun(d).text} that {subject(d, 1).text} {d.verb('verb')['past']}", False)
    if roll < 0.23:
        return Phrase(proper(d), False)
    return _plain_noun(d)


def _everyday_noun(d: Draw) -> Phrase:
    """ "the old droid", "my brother", "the droids": the phrases that make a copier mix up one "the" with another."""
    singular, *odd = d.word("noun").split(":")
    many = d.chance(0.25)
    noun = (odd[0] if odd else plural(singular)) if many else singular
    words = [d.word("adjective"), noun] if d.chance(0.25) else [noun]
    lead = d.pick("the|the|the|the|the|the|the|the|the|a|a|my|my|your|his|her|our|their")
    return Phrase(" ".join([("the" if many else article(words[0])) if lead == "a" else lead, *words]), many)


_NEAR = "in|in|in|in|on|on|on|at|at|to|to|to|from|by|near|under|with|with|for|into|over|behind|about|after|before"


def _everyday_place(d: Draw) -> str:
    """ "in the cave", "in the garden with his sister"."""
    first = f"{d.pick(_NEAR)} {_everyday_noun(d).text}"
    return f"{first} {d.pick(_NEAR)} {_everyday_noun(d).text}" if d.chance(0.2) else first


def _plain_noun(d: Draw) -> Phrase:
    if d.is_everyday():
        return _everyday_noun(d)
    singular, *odd = d.word("noun").split(":")
    many = odd[0] if odd else plural(singular)
    adjectives = [d.word("adjective") for _ in range(d.rng.choice((0, 0, 0, 1, 1, 2)))]
    roll = d.rng.random()
    if roll < 0.12:
        return Phrase(" ".join([*adjectives[:1], d.word("mass")]), False)
    if roll < 0.22:
        count = d.pick("2|3|7|12|40|100|2500") if d.chance(0.2) else d.entry("number")
        return Phrase(" ".join([count, *adjectives, many]), True)
    if roll < 0.34:
        return Phrase(" ".join([*adjectives, many]), True)
    if roll < 0.46:
        return Phrase(" ".join([d.pick("the|the|these|those"), *adjectives, many]), True)
    owner = f"{proper(d)}'s" if d.chance(0.06) else d.entry("possessive")
    determiner = d.pick("the|the|the|this|that|every|another|no") if roll < 0.68 else owner if roll < 0.82 else ""
    words = [*adjectives, singular]
    return Phrase(" ".join([determiner or article(words[0]), *words]), False)


def subject(d: Draw, depth: int = 0) -> Phrase:
    if d.is_everyday():
        return _everyday_noun(d)
    roll = d.rng.random()
    if roll < 0.42:
        word = d.entry("subject")
        return Phrase(word, word in ("I", "you", "we", "they"))
    if roll < 0.47:
        return Phrase(d.entry("subject3"), False)
    return noun_phrase(d, depth)


def thing(d: Draw) -> str:
    """An object, pronouns included."""
    return d.entry("object") if d.chance(0.2) else noun_phrase(d).text


def place(d: Draw) -> str:
    """A prepositional phrase."""
    if d.is_everyday():
        return _everyday_place(d)
    roll = d.rng.random()
    if roll < 0.12:
        return (
            f"{d.pick('in|to|from|near|on')} {d.made_up().capitalize() if d.chance(d.invented) else d.entry('place')}"
        )
    if roll < 0.2:
        return f"{d.pick('with|for|to|about|from|without')} {d.entry('object')}"
    first = f"{d.entry('prep')} {noun_phrase(d, 1).text}"
    return f"{first} {d.entry('placeprep')} {_plain_noun(d).text}" if d.chance(0.06) else first


def when(d: Draw) -> str:
    """Often nothing; else a time or a manner with a leading space."""
    roll = d.rng.random()
    return f" {d.entry('time')}" if roll < 0.12 else f" {d.entry('adverb')}" if roll < 0.18 else ""
