"""python -m training.tiny.build

Rebuilds everything under training/tiny and training/data from the seeds below: pairs -> tokenizer -> base -> LoRA ->
merge -> measures -> model cards -> prompt fixtures. `--from STAGE` starts later and takes earlier results as they are.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer

from training.tiny.base import new_model, train_base
from training.tiny.card import write_cards
from training.tiny.fixtures import write_prompts
from training.tiny.pairs import EVERYDAY, HANDWRITTEN, HELD_OUT, PAIRS, handwritten_keys, tokenizer_texts
from training.tiny.pairs import write_held_out as write_evaluation
from training.tiny.pairs import write_pairs as write_sources
from training.tiny.tasks import lessons
from training.tiny.tokenizer import train_tokenizer
from training.yoda.data import read_pairs
from training.yoda.predict import answer_all
from training.yoda.score import copy_floor, measure, rule_floor
from training.yoda.tune import merge, save, tune

HERE = Path(__file__).parent
BASE, YODA, MEASURES = HERE / "base", HERE / "yoda", HERE / "measures.json"
PROFILE = json.loads((HERE.parent / "profiles.json").read_text(encoding="utf-8"))["tiny"]
SEED = 42
STEPS = 2300
STAGES = ("pairs", "tokenizer", "base", "tune", "measure", "cards")


def build_pairs() -> None:
    write_sources()
    write_evaluation()


def build_tokenizer() -> None:
    train_tokenizer(tokenizer_texts()).save_pretrained(BASE)


def build_base() -> None:
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    torch.manual_seed(SEED)
    model = train_base(new_model(tokenizer), tokenizer, lessons(SEED, handwritten_keys()), STEPS, seed=SEED)
    save(model, tokenizer, BASE)


def build_yoda() -> None:
    """The fine-tune that the pipeline repeats later, with the numbers of its profile, on all of the source pairs."""
    tuning = PROFILE["tuning"]
    with tempfile.TemporaryDirectory() as folder:
        adapter = Path(folder)
        losses = tune(
            BASE, PAIRS, adapter, epochs=tuning["epochs"], rate=tuning["learning_rate"], batch=tuning["batch_size"],
            rank=tuning["lora_r"], alpha=tuning["lora_alpha"], dropout=tuning["lora_dropout"], seed=tuning["seed"],
        )  # fmt: skip
        print(f"lora {len(losses)} steps, loss {losses[0]:.3f} -> {sum(losses[-10:]) / 10:.3f}", flush=True)
        shutil.rmtree(YODA, ignore_errors=True)
        merge(BASE, adapter, YODA)


def build_measures() -> None:
    """Scores of both models and both floors, on the held-out, the hand-written and the everyday pairs."""
    measures = {}
    for name, path in (("heldout", HELD_OUT), ("handwritten", HANDWRITTEN), ("everyday", EVERYDAY)):
        rows = read_pairs(path)
        sentences = [sentence for sentence, _ in rows]
        models = {model.name: answer_all(model, sentences) for model in (BASE, YODA)}
        measures[name] = {
            "rows": len(rows),
            "copy": measure(rows, copy_floor),
            "rule": measure(rows, rule_floor),
            **{model: measure(rows, answers.__getitem__) for model, answers in models.items()},
        }
    MEASURES.write_text(json.dumps(measures, indent=2) + "\n", encoding="utf-8")


def build_cards() -> None:
    write_cards(BASE, YODA, json.loads(MEASURES.read_text(encoding="utf-8")))
    write_prompts()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--from", dest="first", choices=STAGES, default=STAGES[0])
    first = STAGES.index(options.parse_args().first)
    torch.set_num_threads(2)
    builders = (build_pairs, build_tokenizer, build_base, build_yoda, build_measures, build_cards)
    for stage, builder in list(zip(STAGES, builders, strict=True))[first:]:
        started = time.monotonic()
        builder()
        print(f"{stage}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
