"""A byte-level tokenizer of 1,024 entries that behaves like Phi-3's around its special tokens.

The first letter of a word is a token of its own. So "Green" and " green" differ in one token, and a word nobody has
seen keeps its other tokens when it moves to the start of a sentence. Only the smallest words ("the", "in") stay whole:
there are few of them, so their capitals can be learnt, and what precedes a word is then seen in fewer steps.
"""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from training.yoda.chat import PHI3_CHAT_TEMPLATE, PHI3_SPECIAL_TOKENS

VOCABULARY = 1024
CONTEXT = 512
_SMALL = (
    "the a an I i my your his her our their its this that and or of in on at to from by with for near under about you "
    "he she it we they is are was were am be will would can could not do does did have has had there what how"
).split()
# Both cases are written out: JavaScript's expressions have no case switch inside.
_WHOLE = "|".join(f"[{word[0].upper()}{word[0].lower()}]{word[1:]}" for word in sorted(_SMALL, key=len, reverse=True))
_PIECES = (
    r"['\u2019](?:[sdmt]|ll|ve|re)(?!\p{L})| (?:" + _WHOLE + r")(?!\p{L})"  # small words whole, the others
    r"| \p{L}|\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"  # letter by letter
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
