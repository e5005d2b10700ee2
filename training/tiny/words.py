"""The words that the grammar draws from: the lexicon, its inflections, and invented words that force copying.

A word belongs to the held-out tenth by its checksum, so no list has to be kept: training never draws a held-out
word, the held-out pairs may.
"""

import zlib
from functools import cache
from pathlib import Path
from random import Random

LEXICON = Path(__file__).with_name("lexicon.txt")
_ONSETS = (
    "b bl br c ch cl cr d dr f fl fr g gl gr h j k kr l m n p pl pr qu r s sh sk sl sn sp st t th tr v w y z"
).split()
_VOWELS = ("a e i o u a e i o ai ea ee oo ou ia").split()
_CODAS = ("b ck d g k l ll m n nd ng nk p r rk rm rn s ss st t th x z").split() + [""] * 8


@cache
def lexicon() -> dict[str, list[str]]:
    """Words by kind; a hyphen inside a time phrase stands for a space."""
    kinds: dict[str, list[str]] = {}
    kind = ""
    for line in LEXICON.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        entries = line.split()
        if len(entries) == 1 and (kind == "" or entries[0] in _KINDS):
            kind = entries[0]
            kinds[kind] = []
        else:
            kinds[kind] += [entry.replace("-", " ") if kind in ("time", "first") else entry for entry in entries]
    return kinds


_KINDS = set(
    (
        "noun mass verb go rest adjective ishow adverb time first prep placeprep name place title number subject "
        "subject3 object possessive"
    ).split()
)


def held_out(word: str) -> bool:
    """Whether a word belongs to the tenth that training never sees."""
    return zlib.crc32(word.lower().encode()) % 10 == 0


def invent(rng: Random) -> str:
    """A pronounceable word that nobody uses, of one to three syllables."""
    syllables = rng.choice((1, 2, 2, 2, 3))
    return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)) + rng.choice(_CODAS)


def plural(noun: str) -> str:
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def _doubles(verb: str) -> bool:
    stem = verb in {"stop", "drop", "plan", "run", "swim", "sit", "win", "cut", "hit", "forget", "travel", "ship"}
    return stem and verb != "travel"


def inflect(entry: str) -> dict[str, str]:
    """All forms of a verb entry: base, third, past, part, ing."""
    base, *irregular = entry.split(":")
    stem = base + base[-1] if _doubles(base) else base
    soft = base.endswith("y") and base[-2:-1] not in "aeiou"
    regular = base + "d" if base.endswith("e") else base[:-1] + "ied" if soft else stem + "ed"
    third = base + "es" if base == "go" else "has" if base == "have" else plural(base)
    ing = base[:-1] + "ing" if base.endswith("e") and not base.endswith("ee") else stem + "ing"
    past, part = irregular or (regular, regular)
    return {"base": base, "third": third, "past": past, "part": part, "ing": ing}
