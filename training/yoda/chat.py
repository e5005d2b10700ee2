"""Between people's words and the model's: Phi-3's chat template, its special tokens, and the way back.

harmless -> build_prompt -> (the model) -> extract_response
"""

import re
from collections.abc import Iterable
from typing import Any

PHI3_SPECIAL_TOKENS = ("<unk>", "<|endoftext|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>")

# As published with microsoft/Phi-3-mini-4k-instruct; the TypeScript worker renders this very text.
PHI3_CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)

# The tokenizer eats the newline after a special token, so decoded text may lack it and gain a space.
_LAST_ANSWER = re.compile(
    r".*<\|assistant\|>\s*(.*?)\s*(?:<\|end\|>|<\|endoftext\|>|<\|user\|>|<\|system\|>|$)", re.DOTALL
)


def special_tokens(tokenizer: Any) -> list[str]:
    """Every added token of the tokenizer, the longest first."""
    return sorted((token.content for token in tokenizer.added_tokens_decoder.values()), key=lambda t: (-len(t), t))


def harmless(text: str, tokens: Iterable[str]) -> str:
    """Break each special token found in people's text with a space after its first character.

    Longest tokens first, repeated until none is left, so a token that only appears once its neighbours have
    been broken is broken too. Nothing else changes.
    """
    # A tab or a run of spaces, which some tokenizers list as tokens, stands in its own broken form; no turn begins so.
    ordered = sorted({t for t in tokens if t not in f"{t[:1]} {t[1:]}"}, key=lambda t: (-len(t), t))
    while any(token in text for token in ordered):
        for token in ordered:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def render(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    """The templated prompt of a whole conversation as typed, ready for the model to answer."""
    tokens = special_tokens(tokenizer)
    safe = [{"role": turn["role"], "content": harmless(turn["content"], tokens)} for turn in messages]
    return tokenizer.apply_chat_template(safe, tokenize=False, add_generation_prompt=True)


def build_prompt(tokenizer: Any, sentence: str) -> str:
    """The templated prompt of one sentence as typed."""
    return render(tokenizer, [{"role": "user", "content": sentence}])


def extract_response(model_output: str) -> str:
    """The last assistant turn of a decoded text, with or without the newlines of the template.

    Text without an assistant marker is taken as the answer itself, up to the first end token.
    """
    found = _LAST_ANSWER.match(model_output)
    if found:
        return found.group(1)
    return re.split(r"<\|end\|>|<\|endoftext\|>", model_output)[0].strip()
