"""Tunes an encoder on several tasks at once; each has a linear head of its own, which is thrown away afterwards.

Word embeddings stay as they are; heads start from a logistic regression on the untouched encoder (linear probing, then
fine-tuning: Kumar et al., 2022), so that the first steps don't spoil it. Texts out of scope should look like no class at
all, so their target is the same for every class. Deterministic but for the order of float sums."""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import nn

import bert
import data

batch_size, scale, smoothing = 64, 8.0, 0.05
rates = {"encoder": 1.5e-4, "heads": 2e-3}


def fast(dtype: torch.dtype):
    """bfloat16 where the processor has instructions for it; elsewhere these are slower than float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16)


def padded(ids: list[list[int]]):
    length = max(map(len, ids))
    x = torch.zeros((len(ids), length), dtype=torch.long)
    mask = torch.zeros_like(x)
    for row, one in enumerate(ids):
        x[row, : len(one)] = torch.tensor(one)
        mask[row, : len(one)] = 1
    return x, mask


@torch.no_grad()
def vectors(model, ids, dtype):
    model.eval()
    order = np.argsort([len(one) for one in ids], kind="stable")
    out = np.zeros((len(ids), model.word.weight.shape[1]), np.float32)
    for i in range(0, len(order), batch_size):
        chosen = order[i : i + batch_size]
        with fast(dtype):
            out[chosen] = model(*padded([ids[j] for j in chosen])).numpy()
    return out


def first_head(model, ids, classes, count: int, dtype) -> nn.Linear:
    known = np.flatnonzero(classes >= 0)
    chosen = np.random.RandomState(0).permutation(known)[:6000]
    fitted = LogisticRegression(C=10, max_iter=60, tol=1e-3).fit(vectors(model, [ids[i] for i in chosen], dtype), classes[chosen])
    head = nn.Linear(fitted.coef_.shape[1], count)
    weights, biases = fitted.coef_, fitted.intercept_
    if count == 2:
        weights, biases = np.concatenate([-weights, weights]) / 2, np.concatenate([-biases, biases]) / 2
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    head.weight.data[fitted.classes_ if count > 2 else slice(None)] = torch.tensor(weights / scale, dtype=torch.float32)
    head.bias.data[fitted.classes_ if count > 2 else slice(None)] = torch.tensor(biases, dtype=torch.float32)
    return head


def batches_of(name, ids, epochs, rng):
    """Batches of texts of like length: a batch costs what its longest text does."""
    lengths, left, batches = np.array([len(one) for one in ids]), epochs * len(ids), []
    while left > 0:
        order = rng.permutation(len(ids))[: math.ceil(left)]
        left -= len(order)
        for i in range(0, len(order), 16 * batch_size):
            chunk = order[i : i + 16 * batch_size]
            chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
            batches += [(name, chunk[j : j + batch_size]) for j in range(0, len(chunk), batch_size)]
    return batches


def targets(classes: torch.Tensor, count: int) -> torch.Tensor:
    """A row a text, a column a class; the class -1 is none of them."""
    wanted = torch.full((len(classes), count), smoothing / count)
    known = classes >= 0
    wanted[known, classes[known]] += 1 - smoothing
    wanted[~known] = 1 / count
    return wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=bert.shapes)
    parser.add_argument("--base", type=Path, required=True, help="folder of fetch.sh")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--examples", type=Path, default=Path("language/examples"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--length", type=int, default=64, help="tokens of a text that are looked at")
    parser.add_argument("--without", nargs="*", default=[], help="tasks to leave out, to see what the encoder does with labels that it never saw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16", help="float32 for processors without bfloat16 instructions")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    rng = np.random.RandomState(args.seed)
    tokens = bert.tokenizer(str(args.base / args.language / "tokenizer.json"), args.length)
    model = bert.load(str(args.base / args.language / "base.onnx"), bert.shapes[args.language])
    model.word.weight.requires_grad_(False)
    dtype = getattr(torch, args.dtype)

    sets, heads, batches = {}, nn.ModuleDict(), []
    for name, (pairs, epochs) in data.tasks(args.language, args.data, args.examples, args.without).items():
        labels = sorted({label for _, label in pairs} - {data.out_of_scope})
        ids = [one.ids for one in tokens.encode_batch([text for text, _ in pairs])]
        numbers = {label: i for i, label in enumerate(labels)}
        classes = np.array([numbers.get(label, -1) for _, label in pairs])
        sets[name], heads[name] = (ids, torch.tensor(classes)), first_head(model, ids, classes, len(labels), dtype)
        batches += batches_of(name, ids, epochs, rng)
        print(name, len(ids), "texts", len(labels), "classes", epochs, "epochs", flush=True)
    rng.shuffle(batches)

    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "lr": rates["encoder"], "weight_decay": 0.01},
        {"params": [p for p in trained if p.ndim == 1], "lr": rates["encoder"], "weight_decay": 0.0},
        {"params": heads.parameters(), "lr": rates["heads"], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, fused=True)
    rise, count = 0.06, len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, step / count / rise + 0.02) * (1 - step / count))
    model.train()
    begun, losses = time.time(), {}
    for step, (name, chosen) in enumerate(batches):
        ids, classes = sets[name]
        with fast(dtype):
            pooled = model(*padded([ids[j] for j in chosen]))
        logits = heads[name](pooled.float() * scale)
        loss = F.cross_entropy(logits, targets(classes[chosen], logits.shape[1]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        losses[name] = 0.95 * losses.get(name, loss.item()) + 0.05 * loss.item()
        if step % 50 == 0:
            shown = {k: round(v, 3) for k, v in losses.items()}
            print(f"{step}/{count} {time.time() - begun:.0f} s, {time.process_time():.0f} s of processor", shown, flush=True)
        if step % 200 == 199:
            torch.save(model.state_dict(), args.out)
    torch.save(model.state_dict(), args.out)


if __name__ == "__main__":
    main()
