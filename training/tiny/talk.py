"""From clauses to messages: greetings, vocatives, joined clauses, and the ways in which people type them."""

import re
from typing import NamedTuple

from training.tiny.grammar import Clause, clause, is_so
from training.tiny.phrases import Draw, noun_phrase, place, proper


class Message(NamedTuple):
    """What is typed, the plain restatement, and Yoda's order."""

    typed: str
    plain: str
    yoda: str


_GREETINGS = "hello|hello|hi|hi|hey|greetings|good morning|good evening|good afternoon|good night|welcome|welcome back|"
_GREETINGS += "goodbye|bye|thank you|thanks|many thanks|well done|good luck|congratulations|sorry|hello there|hi there"
_ALONE = "yes|no|ok|okay|maybe|why|how|what|cool|wow|great|nice|sure|really|test|ping|help|lol|hmm|good|never|always"
_SHORT = (
    "nice to meet you=to meet you, nice|good to see you=to see you, good|see you later=later, see you|"
    "see you tomorrow=tomorrow, see you|see you soon=soon, see you|have a nice day=a nice day, have|"
    "have fun=fun, have|take care=care, take|how are you=you, how are|how are you today=you today, how are|"
    "how is it going=going, how is it|how do you do=do, how do you|what is up=up, what is|i miss you=you, I miss|"
    "who are you=you, who are|what are you=you, what are|i love you=you, I love|long time no see=no see, long time|"
    "nice work=work, nice|well played=played, well|never mind=mind, never|happy birthday=birthday, happy|"
    "what do you think=think, what do you|how was your day=your day, how was|where are you from=from, where are you"
)
_QUESTION = ("how ", "who ", "what ", "where ")


def _join(front: str, back: str, comma: bool = True) -> str:
    return f"{front}{', ' if comma and front and back else ' ' if front and back else ''}{back}"


def _greeting(d: Draw) -> Clause:
    roll = d.rng.random()
    word = d.pick(_GREETINGS)
    if roll < 0.45:
        who = d.entry("title") if d.chance(0.35) else proper(d)
        comma = ", " if d.chance(0.3) else " "
        return Clause(f"{word}{comma}{who}", f"{who}, {word}", "")
    if roll < 0.6:
        return Clause(word, word, "")
    if roll < 0.7 and word.startswith(("thank", "many", "sorry", "welcome", "good luck", "congrat")):
        rest = place(d) if d.chance(0.5) else f"for {noun_phrase(d).text}"
        return Clause(f"{word} {rest}", f"{rest}, {word}", "")
    plain, yoda = d.pick(_SHORT).split("=")
    return Clause(plain, yoda, "", "?" if plain.startswith(_QUESTION) else ".")


def _statement(d: Draw) -> Clause:
    said = clause(d)
    while said.mark == "?":
        said = clause(d)
    return said


def _joined(d: Draw) -> Clause:
    """Two clauses and the word between, before or around them; each turned by itself, without its comma."""
    one, two = _statement(d), _statement(d)
    first, second = _join(one.front, one.back, False), _join(two.front, two.back, False)
    kind = d.pick("and|and|and|but|but|because|because|so|when|or|if|when+|if+|think|think")
    if kind == "think":
        lead = d.pick("I think|I think|I hope|I believe|I know|I guess|do you think|he said|she thinks|we know")
        that = d.pick("| that")
        return Clause(f"{lead}{that} {one.plain}", first, lead + that, "?" if lead[0] == "d" else ".")
    if kind.endswith("+"):
        return Clause(f"{kind[:-1]} {one.plain}, {two.plain}", f"{kind[:-1]} {first}, {second}", "")
    comma = "," if kind in ("but", "so") and d.chance(0.5) else ""
    return Clause(f"{one.plain}{comma} {kind} {two.plain}", f"{first}{comma} {kind} {second}", "")


def _addressed(d: Draw) -> Clause:
    """A clause with something before it (yes; a name; a time) or after it (a name; please)."""
    said = clause(d)
    turned = _join(said.front, said.back, False)
    if d.chance(0.4):
        last = d.pick("please|please|too|right|okay|my friend") if d.chance(0.5) else proper(d)
        last = d.entry("title") if d.chance(0.2) else last
        return Clause(f"{said.plain}{d.pick(', | ')}{last}", f"{turned}, {last}", "", said.mark)
    first = d.pick("yes|yes|no|no|well|oh|so|ok|hey|hi|hello|sorry|wow|but|and") if d.chance(0.5) else d.entry("first")
    first = d.entry("title") if d.chance(0.12) else proper(d) if d.chance(0.15) else first
    if d.chance(0.12):
        first = f"{d.pick('hello|hi|hey|good morning|thank you|thanks|sorry|please|yes|no')} {proper(d)}"
    return Clause(f"{first}{d.pick(', | ')}{said.plain}", f"{first}, {turned}", "", said.mark)


def utterance(d: Draw) -> Clause:
    roll = d.rng.random()
    if roll < 0.66:
        return clause(d)
    if roll < 0.76:
        return _greeting(d)
    if roll < 0.86:
        return _addressed(d)
    if roll < 0.94:
        return _joined(d)
    if roll < 0.96:
        return is_so(d)
    alone = d.pick(_ALONE) if d.chance(0.5) else noun_phrase(d).text
    return Clause(alone, alone, "", "?" if alone in ("why", "how", "what", "really") else ".")


def _written(text: str, mark: str) -> str:
    text = re.sub(r"\bi\b", "I", text.strip())
    return text[:1].upper() + text[1:] + mark


_CONTRACTIONS = (
    ("I am", "I'm"), ("(you|we|they) are", r"\1're"), ("(he|she|it|that|what|where|who|there|how) is", r"\1's"),
    ("(I|you|we|they|he|she|it) will", r"\1'll"), ("(I|you|we|they) have", r"\1've"), ("(I|you|we) would", r"\1'd"),
    ("cannot", "can't"), ("will not", "won't"), ("let us", "let's"),
    ("(do|does|did|is|are|was|were|would|could|should|have|has) not", r"\1n't"),
)  # fmt: skip


def _contract(text: str, mark: str = "'") -> str:
    for words, short in _CONTRACTIONS:
        text = re.sub(rf"\b{words}\b", short, text)
    return text.replace("'", mark)


def message(d: Draw) -> Message:
    """One or two sentences as somebody may type them, with both answers."""
    said = [utterance(d)]
    if d.chance(0.06):
        said.append(clause(d))
    low = d.chance(0.28)
    typed, plain, yoda = [], [], []
    for part in said:
        mark = "!" if part.mark == "." and d.chance(0.12) else part.mark
        source = part.plain.lower() if low else part.plain
        if d.chance(0.45):
            source = _contract(part.plain, "\u2019" if d.chance(0.15) else "'")
            source = source.lower() if low else source
        last = part is said[-1]
        shown = "" if last and mark != "!" and d.chance(0.55 if low else 0.2) else mark * (2 if d.chance(0.02) else 1)
        typed.append((source if low else source[:1].upper() + source[1:]) + shown)
        orders = (part.plain, _join(part.front, part.back))
        plain_order, yoda_order = (order.lower() if low else order for order in orders)
        plain.append(_written(plain_order, mark))
        yoda.append(_written(yoda_order, mark))
    return Message(" ".join(typed), " ".join(plain), " ".join(yoda))
