"""The files of pairs: the source of offline fine-tunes, the held-out pairs, and two lists written by hand.

All of them lie on the held-out side of the line that `tasks` draws, or are skipped by their key, so the base model
has met none of their sentences.
"""

import csv
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from training.tiny.phrases import Draw
from training.tiny.talk import Message
from training.tiny.tasks import key, messages
from training.yoda.data import COLUMNS, read_pairs

HERE = Path(__file__).parent
HANDWRITTEN = HERE / "handwritten.csv"
HELD_OUT = HERE / "heldout.csv"
EVERYDAY = HERE / "everyday.csv"
PAIRS = HERE.parent / "data" / "yoda.csv"


def handwritten_keys() -> frozenset[str]:
    """What was written by hand and is kept out of training: the chat and the everyday sentences."""
    return frozenset(key(sentence) for path in (HANDWRITTEN, EVERYDAY) for sentence, _ in read_pairs(path))


def distinct(said: Iterable[Message], count: int, words: int = 14) -> list[Message]:
    """The first `count` messages of two to `words` words that differ from each other and turn at all."""
    seen: dict[str, Message] = {}
    for one in said:
        if 2 <= len(key(one.typed).split()) <= words and key(one.typed) != key(one.yoda):
            seen.setdefault(key(one.typed), one)
        if len(seen) == count:
            break
    return list(seen.values())


def interjected(sentence: str, yoda: str) -> str:
    """Every tenth sentence, by its checksum, ends with the one interjection that this project writes."""
    return f"{yoda} Hmm." if zlib.crc32(sentence.encode()) % 10 == 0 else yoda


def write(path: Path, said: Sequence[Message]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((one.typed, one.yoda, interjected(one.typed, one.yoda)) for one in said)


def write_pairs(count: int = 2000, seed: int = 7) -> None:
    """Half of the open words are invented: a test split then holds words that its train split lacks."""
    d = Draw(Random(seed), invented=0.5, held_out_too=True, everyday=0.4)
    write(PAIRS, distinct(messages(d, handwritten_keys(), held_out=True), count))


def write_held_out(count: int = 300, seed: int = 8) -> None:
    used = handwritten_keys() | {key(sentence) for sentence, _ in read_pairs(PAIRS)}
    d = Draw(Random(seed), held_out_too=True)
    write(HELD_OUT, distinct(messages(d, used, held_out=True), count))


def tokenizer_texts(count: int = 12000, seed: int = 1) -> Iterable[str]:
    for one in islice(messages(Draw(Random(seed)), handwritten_keys()), count):
        yield one.typed
        yield one.yoda
