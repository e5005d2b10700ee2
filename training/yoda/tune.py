"""The fine-tune: a LoRA over all linear layers, trained on pairs, then merged into its base.

pairs.csv + base/ -> tune -> adapter/ -> merge -> a model that plain transformers loads
"""

import math
from pathlib import Path
from random import Random
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.yoda.chat import build_prompt
from training.yoda.data import IGNORE, collate, encode, read_pairs

LINEAR_LAYERS = ["o_proj", "qkv_proj", "gate_up_proj", "down_proj"]


def answer_loss(model: Any, tokens: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean loss over the answers. Padding stands on the right, behind every label, so no mask is needed."""
    hidden = model.model(input_ids=tokens).last_hidden_state[:, :-1]
    target = labels[:, 1:]
    known = target != IGNORE
    return cross_entropy(model.lm_head(hidden[known]).float(), target[known])


def tune(
    base: Path,
    pairs: Path,
    adapter: Path,
    *,
    target: str = "translation",
    epochs: int = 4,
    rate: float = 2e-3,
    batch: int = 32,
    rank: int = 8,
    alpha: int = 16,
    dropout: float = 0.0,
    seed: int = 42,
) -> list[float]:
    """Train an adapter on `pairs` and save it to `adapter`; returns the loss of every step."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    # The trained weights stay in fp32 whatever the files hold.
    model = AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32)
    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, bias="none", task_type="CAUSAL_LM",
        target_modules=LINEAR_LAYERS,
    )  # fmt: skip
    tuned = get_peft_model(model, config)
    tuned.train()
    rows = read_pairs(pairs, target)
    coded = encode(tokenizer, [build_prompt(tokenizer, row[0]) for row in rows], [row[1] for row in rows])
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=rate, weight_decay=0.0)
    rng, losses = Random(seed), []
    total = epochs * math.ceil(len(coded) / batch)
    warm_up = max(1, total // 30)
    for _ in range(epochs):
        order = sorted(rng.sample(coded, len(coded)), key=lambda one: len(one.ids) // 8)
        groups = [order[start : start + batch] for start in range(0, len(order), batch)]
        for group in rng.sample(groups, len(groups)):
            progress = max(0.0, (len(losses) - warm_up) / max(1, total - warm_up))
            for settings in optimizer.param_groups:
                settings["lr"] = rate * min(1.0, (len(losses) + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * progress))
            loss = answer_loss(tuned.base_model.model, *collate(group, tokenizer.pad_token_id))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
    tuned.save_pretrained(adapter)
    return losses


def merge(base: Path, adapter: Path, merged: Path, dtype: torch.dtype = torch.float16) -> None:
    """Fold the adapter into its base, computed in fp32, and save a model that knows nothing of peft."""
    model = AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32)
    whole = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    save(whole, AutoTokenizer.from_pretrained(base), merged, dtype)


def save(model: Any, tokenizer: Any, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Weights as safetensors with their tokenizer, without a trace of the folder that they came from."""
    model = model.to(dtype)
    model.config._name_or_path = ""
    model.save_pretrained(folder, safe_serialization=True, max_shard_size="2GB")
    tokenizer.save_pretrained(folder)
