"""A base of two thin layers, a LoRA and a merge, from nothing to files, in seconds."""

from itertools import islice
from random import Random

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.tiny.base import new_model, train_base
from training.tiny.build import BASE
from training.tiny.pairs import PAIRS, tokenizer_texts
from training.tiny.tasks import lessons
from training.tiny.tokenizer import train_tokenizer
from training.yoda.data import IGNORE, collate, encode, read_pairs
from training.yoda.tune import merge, save, tune


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("micro")
    tokenizer = train_tokenizer(tokenizer_texts(500), vocabulary=400)
    torch.manual_seed(1)
    model = new_model(tokenizer, hidden=48, layers=2)
    train_base(model, tokenizer, lessons(1, frozenset()), 20, size=16)
    save(model, tokenizer, folder / "base", torch.float32)
    rows = PAIRS.read_text(encoding="utf-8").splitlines()[:9]
    (folder / "eight.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    tune(folder / "base", folder / "eight.csv", folder / "adapter", epochs=20, rate=1e-2, batch=8, rank=8)
    merge(folder / "base", folder / "adapter", folder / "merged", torch.float32)
    return folder


def test_twenty_steps_on_eight_rows_halve_the_loss_of_the_committed_base(made, tmp_path):
    losses = tune(BASE, made / "eight.csv", tmp_path / "adapter", epochs=20, batch=8)
    assert len(losses) == 20
    assert losses[-1] < losses[0] / 2


def test_the_merged_model_equals_base_and_adapter(made):
    folder = made
    tokenizer = AutoTokenizer.from_pretrained(folder / "merged")
    tokens = tokenizer("<|user|>\nI am tired.<|end|>\n<|assistant|>\n", return_tensors="pt")["input_ids"]
    base = AutoModelForCausalLM.from_pretrained(folder / "base")
    merged = AutoModelForCausalLM.from_pretrained(folder / "merged").eval()
    with torch.inference_mode():
        untuned = base.eval()(tokens).logits
        adapted = PeftModel.from_pretrained(base, folder / "adapter").eval()(tokens).logits
        whole = merged(tokens).logits
    assert torch.allclose(adapted, whole, atol=1e-4)
    assert not torch.allclose(untuned, whole, atol=1e-2)
    assert not (folder / "merged" / "adapter_config.json").exists()


def test_only_the_answer_is_learnt_and_it_ends_with_both_end_tokens(made):
    tokenizer = AutoTokenizer.from_pretrained(made / "base")
    coded = encode(tokenizer, ["<|user|>\nHi<|end|>\n<|assistant|>\n", "<|user|>\nA b c d<|end|>\n"], ["Hello.", "B"])
    tokens, labels = collate(coded, tokenizer.pad_token_id)
    for row, one in enumerate(coded):
        assert (labels[row, : one.prompt] == IGNORE).all()
        assert labels[row, one.prompt : len(one.ids)].tolist() == one.ids[one.prompt :]
        assert (labels[row, len(one.ids) :] == IGNORE).all()
        assert tokenizer.convert_ids_to_tokens(one.ids[-2:]) == ["<|end|>", "<|endoftext|>"]
    assert tokens.shape == labels.shape


def test_a_bad_file_of_pairs_is_refused_with_its_row(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("sentence,translation\nHi,Hi\nHello,\n", encoding="utf-8")
    with pytest.raises(ValueError, match="row 3"):
        read_pairs(path)
    path.write_text("sentence\nHi\n", encoding="utf-8")
    with pytest.raises(ValueError, match="translation"):
        read_pairs(path)


def test_lessons_hold_plain_turned_and_random_tasks():
    systems = [lesson.system.split(" ")[0] for lesson in islice(lessons(Random(1).randrange(99), frozenset()), 400)]
    assert set(systems) == {"", "Say", "Start"}
