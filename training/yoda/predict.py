"""Answers of a model, greedy and in batches: the same question gets the same answer, alone or among others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.yoda.chat import build_prompt


def load(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a folder, in fp32 on the CPU."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).eval(), tokenizer


def generate_responses(
    model: Any, tokenizer: Any, prompts: Sequence[str], *, max_new_tokens: int = 96, batch: int = 32
) -> list[str]:
    """Answers to templated prompts, in their order."""
    answers = [""] * len(prompts)
    by_length = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    for start in range(0, len(prompts), batch):
        indices = by_length[start : start + batch]
        inputs = tokenizer(
            [prompts[index] for index in indices], add_special_tokens=False, padding=True, return_tensors="pt",
            return_token_type_ids=False,
        )  # fmt: skip
        with torch.inference_mode():
            output = model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
        said = tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for index, answer in zip(indices, said, strict=True):
            answers[index] = answer.strip()
    return answers


def generate_response(model: Any, tokenizer: Any, prompt: str, **kwargs: int) -> str:
    return generate_responses(model, tokenizer, [prompt], **kwargs)[0]


def answer_all(folder: Path, sentences: Sequence[str], **kwargs: int) -> dict[str, str]:
    """What the model in `folder` answers to each sentence as typed."""
    model, tokenizer = load(folder)
    prompts = [build_prompt(tokenizer, sentence) for sentence in sentences]
    return dict(zip(sentences, generate_responses(model, tokenizer, prompts, **kwargs), strict=True))
