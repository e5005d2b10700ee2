"""A byte-level tokenizer of 1,024 entries that behaves like Phi-3's around its special tokens.

A word's first letter is a token of its own. So "Green" and " green" differ in one token, and a word nobody has seen
keeps its other tokens when it moves to the start of a sentence.
"""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from training.yoda.chat import PHI3_CHAT_TEMPLATE, PHI3_SPECIAL_TOKENS

VOCABULARY = 1024
CONTEXT = 512
_PIECES = (
    r"['\u2019](?:[sdmt]|ll|ve|re)(?!\p{L})| \p{L}|\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"  # letter by letter
)
# Phi-3 swallows the white space after these; after <unk> and <|endoftext|> it does not.
_SWALLOWS = {"<|end|>", "<|user|>", "<|assistant|>", "<|system|>"}


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE())
    # Each stretch between special tokens starts with a space, so its first word is spelt like any other.
    core.normalizer = normalizers.Prepend(" ")
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[
            AddedToken(token, special=True, normalized=False, rstrip=token in _SWALLOWS)
            for token in PHI3_SPECIAL_TOKENS
        ],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="<unk>",
        # The padding must not be an end token, or fine-tuning would mask the end and never learn to stop.
        pad_token="<unk>",
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        padding_side="left",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        chat_template=PHI3_CHAT_TEMPLATE,
    )
