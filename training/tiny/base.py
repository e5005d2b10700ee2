"""The base model: Phi-3's architecture at 2 M parameters, trained from nothing to repeat and to turn sentences."""

import math
import time
from collections.abc import Iterator
from itertools import islice
from random import Random

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import GenerationConfig, Phi3Config, Phi3ForCausalLM, PreTrainedTokenizerFast

from training.tiny.tasks import Lesson
from training.tiny.tokenizer import CONTEXT
from training.yoda.chat import render
from training.yoda.data import collate, encode
from training.yoda.tune import answer_loss

# The processor multiplies in bfloat16 by itself; elsewhere that would be slower than fp32.
FAST = torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.cpu._is_avx512_bf16_supported()


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


def _optimizers(model: Phi3ForCausalLM, rate: float) -> tuple[torch.optim.Optimizer, ...]:
    """Muon for the matrices, AdamW for the words and the norms: it learns to copy in fewer steps than AdamW alone."""
    matrices = [weight for name, weight in model.named_parameters() if weight.ndim == 2 and "embed" not in name]
    others = [weight for name, weight in model.named_parameters() if weight.ndim < 2 or "embed" in name]
    made = (
        torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate * 0.75, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    )
    for optimizer in made:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return made


def train_base(
    model: Phi3ForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    lessons: Iterator[Lesson],
    steps: int,
    *,
    size: int = 48,
    rate: float = 4e-3,
    seed: int = 42,
    every: int = 100,
) -> Phi3ForCausalLM:
    model.train()
    optimizers = _optimizers(model, rate)
    warm_up = min(100, steps // 5)
    started, running = time.monotonic(), 0.0
    for step, (tokens, labels) in enumerate(islice(batches(tokenizer, lessons, size, Random(seed)), steps)):
        progress = max(0.0, (step - warm_up) / max(1, steps - warm_up))
        scale = min(1.0, (step + 1) / max(1, warm_up)) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        # At these lengths attention written out is faster than the blockwise one.
        with sdpa_kernel(SDPBackend.MATH), torch.autocast("cpu", torch.bfloat16, enabled=FAST):
            loss = answer_loss(model, tokens, labels)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        running = loss.item() if step == 0 else 0.95 * running + 0.05 * loss.item()
        if (step + 1) % every == 0:
            print(f"base step {step + 1}/{steps} loss {running:.3f} {time.monotonic() - started:.0f} s", flush=True)
    return model.eval()
