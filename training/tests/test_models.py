import json

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.tiny.build import BASE, MEASURES, YODA
from training.tiny.card import sha256
from training.tiny.fixtures import PROMPTS, prompts
from training.tiny.pairs import EVERYDAY, HANDWRITTEN
from training.yoda.chat import build_prompt
from training.yoda.data import read_pairs
from training.yoda.predict import answer_all, generate_response, generate_responses, load
from training.yoda.score import copy_floor, fidelity, measure, order_changed


@pytest.fixture(scope="module")
def answers():
    rows = read_pairs(HANDWRITTEN)
    return {folder.name: answer_all(folder, [sentence for sentence, _ in rows]) for folder in (BASE, YODA)}


def test_the_prompt_fixtures_are_up_to_date():
    assert json.loads(PROMPTS.read_text(encoding="utf-8")) == prompts()


@pytest.mark.parametrize("folder", [BASE, YODA])
def test_a_committed_model_loads_with_plain_transformers(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["Phi3ForCausalLM"] and config["torch_dtype"] == "float16"
    assert not {"auto_map", "quantization_config", "dtype", "rope_parameters"} & set(config)
    assert "/" not in config.get("_name_or_path", "")
    tokenizer_config = json.loads((folder / "tokenizer_config.json").read_text())
    assert tokenizer_config["tokenizer_class"] == "PreTrainedTokenizerFast" and "auto_map" not in tokenizer_config
    generation = json.loads((folder / "generation_config.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ends = [tokenizer.convert_tokens_to_ids(token) for token in ("<|endoftext|>", "<|end|>")]
    assert generation["eos_token_id"] == ends
    assert (folder / "model.safetensors").stat().st_size <= 6_000_000
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)
    assert 1_500_000 < sum(weight.numel() for weight in model.parameters()) < 2_500_000


@pytest.mark.parametrize("folder", [BASE, YODA])
def test_the_card_names_the_committed_weights(folder):
    assert sha256(folder / "model.safetensors") in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["base", "yoda"])
def test_the_published_figures_can_be_measured_again(answers, name):
    published = json.loads(MEASURES.read_text(encoding="utf-8"))["handwritten"][name]
    measured = measure(read_pairs(HANDWRITTEN), answers[name].__getitem__)
    assert measured == pytest.approx(published, abs=0.02)


def test_yoda_beats_copying_keeps_the_words_and_changes_the_order(answers):
    rows = read_pairs(HANDWRITTEN)
    yoda = measure(rows, answers["yoda"].__getitem__)
    assert yoda["rouge_l"] >= measure(rows, copy_floor)["rouge_l"] + 0.10
    assert yoda["fidelity"] >= 0.90
    assert yoda["rouge_l"] >= measure(rows, answers["base"].__getitem__)["rouge_l"] + 0.15


def test_nine_in_ten_everyday_sentences_keep_all_their_words_and_change_their_order():
    said = answer_all(YODA, [sentence for sentence, _ in read_pairs(EVERYDAY)])
    right = [asked for asked, told in said.items() if fidelity(told, asked) == 1 and order_changed(told, asked)]
    assert len(said) >= 40
    assert len(right) / len(said) >= 0.9, sorted(set(said.items()) - {(asked, said[asked]) for asked in right})


def test_an_answer_is_the_same_alone_and_among_others():
    model, tokenizer = load(YODA)
    asked = [build_prompt(tokenizer, text) for text in ("I am tired today.", "Hi", "", "日本語 😀", "She likes tea")]
    assert [generate_response(model, tokenizer, one) for one in asked] == generate_responses(model, tokenizer, asked)
