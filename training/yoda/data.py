"""Pairs from a CSV file, and pairs as token ids.

A CSV has the columns sentence, translation, translation_extra, as the public Yoda sentences do.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

IGNORE = -100
COLUMNS = ("sentence", "translation", "translation_extra")


class Encoded(NamedTuple):
    """A conversation's token ids, and how many of them are the prompt."""

    ids: list[int]
    prompt: int


def read_pairs(path: Path, target: str = "translation") -> list[tuple[str, str]]:
    """(sentence, target) rows; a missing column or an empty cell fails with its row number."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"sentence", target} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path.name}: no column {', '.join(sorted(missing))}")
        pairs = []
        for number, row in enumerate(reader, 2):
            sentence, answer = (row["sentence"] or "").strip(), (row[target] or "").strip()
            if not sentence or not answer:
                raise ValueError(f"{path.name}: row {number} has an empty cell")
            pairs.append((sentence, answer))
    return pairs


def encode(tokenizer: Any, prompts: Sequence[str], answers: Sequence[str]) -> list[Encoded]:
    """Each answer ends with `<|end|>` and the end of text, as Phi-3's own turns do."""
    asked = tokenizer(list(prompts), add_special_tokens=False)["input_ids"]
    told = tokenizer(list(answers), add_special_tokens=False)["input_ids"]
    ends = [tokenizer.convert_tokens_to_ids("<|end|>"), tokenizer.eos_token_id]
    return [Encoded(prompt + answer + ends, len(prompt)) for prompt, answer in zip(asked, told, strict=True)]


def collate(group: Sequence[Encoded], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids padded on the right, and labels that know only the answers."""
    width = max(len(one.ids) for one in group)
    tokens = torch.full((len(group), width), pad)
    labels = torch.full((len(group), width), IGNORE)
    for row, (ids, prompt) in enumerate(group):
        tokens[row, : len(ids)] = torch.tensor(ids)
        labels[row, prompt : len(ids)] = torch.tensor(ids[prompt:])
    return tokens, labels
