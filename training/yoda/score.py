"""Scores of an answer in Yoda's order, and the two floors that every report shows beside them.

All scores lie in 0..1 and need no package: ROUGE-L (F1 over lower-case alphanumeric words), word fidelity,
order changed, exact match.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable

_WORD = re.compile(r"[a-z0-9]+")
_CLITICS = (
    (r"\bwon't\b", "will not"), (r"\bcan't\b|\bcannot\b", "can not"), (r"\bshan't\b", "shall not"),
    (r"\blet's\b", "let us"), (r"n't\b", " not"), (r"'m\b", " am"), (r"'re\b", " are"), (r"'ll\b", " will"),
    (r"'ve\b", " have"),
    (r"'d\b", " would"),
    (r"\b(it|he|she|that|there|here|what|where|who|how|when|why)'s\b", r"\1 is"),
)  # fmt: skip
_HRM = r"h+r*m+r*m*"
# The six interjections that the annotators of the public Yoda sentences add at will: noise, so it can be taken off.
_INTERJECTION = re.compile(
    rf"^\s*(?:{_HRM}|hrr+m*)[.,!]*\s+|\s*\b(?:yes,\s*(?:{_HRM}|hrr+m*)|{_HRM}|hrr+m*|yrs+)[.!]*\s*$", re.IGNORECASE
)


def strip_interjections(text: str) -> str:
    """Without the leading and trailing "Hrrmmm.", "Yes, hrrrm." and their kin."""
    return _INTERJECTION.sub("", text).strip()


def rouge_words(text: str) -> list[str]:
    """The words as the standard ROUGE tokenizer splits them, without stemming."""
    return _WORD.findall(text.lower())


def spoken_words(text: str) -> list[str]:
    """Lower-case words of any script with contractions spelt out, so that "I'm" and "I am" are the same words."""
    text = text.lower().replace("\u2019", "'")
    for pattern, words in _CLITICS:
        text = re.sub(pattern, words, text)
    return re.findall(r"[^\W_]+", text)


def rouge_l(answer: str, reference: str) -> float:
    """F1 of the longest common subsequence of words."""
    a, b = rouge_words(answer), rouge_words(reference)
    if not a or not b:
        return 0.0
    row = [0] * (len(b) + 1)
    for word in a:
        before = 0
        for j, other in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if word == other else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b))


def fidelity(answer: str, sentence: str) -> float:
    """F1 between the words of the answer and those of the sentence, order ignored: 1 when no word is lost or added."""
    a, b = Counter(spoken_words(answer)), Counter(spoken_words(sentence))
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if shared else 0.0


def order_changed(answer: str, sentence: str) -> float:
    """1 when the words come in another order than in the sentence."""
    return float(spoken_words(answer) != spoken_words(sentence))


def exact(answer: str, reference: str) -> float:
    """1 when both say the same words in the same order, whatever the case and the punctuation."""
    return float(rouge_words(answer) == rouge_words(reference))


def copy_floor(sentence: str) -> str:
    """What a model that learnt nothing would say: the sentence itself."""
    return sentence


_TURN_AFTER = set(
    ("am is are was were be will would can could should shall may might must do does did has have had not").split()
)
_TURN_BEFORE = set(("in on at to from under over near with by into through behind after before for about").split())


def rule_floor(sentence: str) -> str:
    """The short rule: turn the sentence round after its first auxiliary, else before its first preposition."""
    words = sentence.strip().rstrip(".!?").split()
    lower = [word.lower() for word in words]
    turn = next((i + 1 for i, word in enumerate(lower) if word in _TURN_AFTER), 0)
    if turn and turn < len(words) and lower[turn] == "not":
        turn += 1
    if turn in (0, len(words)):
        turn = next((i for i, word in enumerate(lower) if i and word in _TURN_BEFORE), 0)
    turn = turn or min(2, len(words) - 1)
    if turn < 1:
        return sentence
    turned = f"{' '.join(words[turn:])}, {' '.join(words[:turn])}."
    return turned[0].upper() + turned[1:]


def measure(rows: Iterable[tuple[str, str]], answer: Callable[[str], str]) -> dict[str, float]:
    """Mean scores of `answer` over (sentence, reference) rows, rounded to four digits."""
    totals: Counter[str] = Counter()
    count = 0
    for sentence, reference in rows:
        said = answer(sentence)
        totals["rouge_l"] += rouge_l(strip_interjections(said), strip_interjections(reference))
        totals["fidelity"] += fidelity(strip_interjections(said), sentence)
        totals["order_changed"] += order_changed(strip_interjections(said), sentence)
        totals["exact"] += exact(strip_interjections(said), strip_interjections(reference))
        count += 1
    return {name: round(totals[name] / max(count, 1), 4) for name in ("rouge_l", "fidelity", "order_changed", "exact")}
