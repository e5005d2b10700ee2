"""The base model: Phi-3's architecture at 2 M parameters, trained from nothing to repeat and to turn sentences."""

import math
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import torch
from transformers import GenerationConfig, Phi3Config, Phi3ForCausalLM, PreTrainedTokenizerFast

from training.tiny.tasks import Lesson
from training.tiny.tokenizer import CONTEXT
from training.yoda.chat import render
from training.yoda.data import collate, encode
from training.yoda.tune import answer_loss


def new_model(tokenizer: PreTrainedTokenizerFast, hidden: int = 192, layers: int = 4) -> Phi3ForCausalLM:
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    config = Phi3Config(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=hidden * 8 // 3, num_hidden_layers=layers,
        num_attention_heads=6, num_key_value_heads=6, max_position_embeddings=CONTEXT,
        original_max_position_embeddings=CONTEXT, sliding_window=None, rope_theta=10000.0, attention_dropout=0.0,
        # One matrix reads and writes the words: copying then starts half learnt.
        tie_word_embeddings=True, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = Phi3ForCausalLM(config)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=[tokenizer.eos_token_id, end],
        pad_token_id=tokenizer.pad_token_id, do_sample=False,
    )  # fmt: skip
    return model


def batches(
    tokenizer: PreTrainedTokenizerFast, lessons: Iterator[Lesson], size: int, rng: Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Token ids and labels. Conversations of like length share a batch, so little of it is padding."""
    while True:
        drawn = list(islice(lessons, size * 32))
        coded = encode(tokenizer, [_prompt(tokenizer, one) for one in drawn], [one.answer for one in drawn])
        pool = sorted(coded, key=lambda one: len(one.ids))
        groups = [pool[start : start + size] for start in range(0, len(pool), size)]
        rng.shuffle(groups)
        for group in groups:
            yield collate(group, tokenizer.pad_token_id)


def _prompt(tokenizer: PreTrainedTokenizerFast, lesson: Lesson) -> str:
    system = [{"role": "system", "content": lesson.system}] if lesson.system else []
    return render(tokenizer, [*system, {"role": "user", "content": lesson.typed}])


def train_base(
    model: Phi3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    lessons: Iterator[Lesson],
    steps: int,
    *,
    size: int = 64,
    rate: float = 2e-3,
    seed: int = 42,
    every: int = 100,
    keep: Path | None = None,
) -> Phi3ForCausalLM:
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.02, fused=True)
    warm_up = min(100, steps // 5)
    started, running = time.monotonic(), 0.0
    for step, (tokens, labels) in enumerate(islice(batches(tokenizer, lessons, size, Random(seed)), steps)):
        progress = max(0.0, (step - warm_up) / max(1, steps - warm_up))
        scale = min(1.0, (step + 1) / max(1, warm_up)) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimizer.param_groups:
            group["lr"] = rate * scale
        loss = answer_loss(model, tokens, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        running = loss.item() if step == 0 else 0.95 * running + 0.05 * loss.item()
        if (step + 1) % every == 0:
            print(f"base step {step + 1}/{steps} loss {running:.3f} {time.monotonic() - started:.0f} s", flush=True)
        if keep and (step + 1) % 500 == 0:
            model.save_pretrained(keep)
    return model.eval()
