"""A Phi-3 in miniature with random weights: the real architecture and tokenizer class, made in milliseconds."""

import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import Phi3Config, Phi3ForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)  # more threads than the tiny matrices fill cost time, most of all on a busy machine

HANDLER = Path(__file__).parents[1] / "handler.py"
SPECIALS = ["<unk>", "<|endoftext|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)


def build_tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=512, special_tokens=SPECIALS, initial_alphabet=alphabet)
    bpe.train_from_iterator(["The force is strong with you.", "Strong with you the force is."] * 10, trainer)
    bpe.add_special_tokens([AddedToken(token, rstrip=True, special=True) for token in SPECIALS[1:]])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, unk_token="<unk>", pad_token="<unk>", eos_token="<|endoftext|>"
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as it is uploaded: weights, tokenizer, and the handler beside them."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = build_tokenizer()
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIALS}
    torch.manual_seed(7)
    config = Phi3Config(
        vocab_size=512,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=128,
        original_max_position_embeddings=128,
        sliding_window=None,
        attention_dropout=0.0,
        bos_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|endoftext|>"],
        pad_token_id=ids["<unk>"],
    )
    model = Phi3ForCausalLM(config)
    model.generation_config.eos_token_id = [ids["<|endoftext|>"], ids["<|end|>"]]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    shutil.copy(HANDLER, folder / "handler.py")
    return folder
