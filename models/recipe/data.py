"""What the encoders are tuned and measured on: lists of (text, label) by split.

Airline posts are read for measuring only: their licence forbids commercial use, so nothing that ships is trained on them."""

import csv
import json
from pathlib import Path

import numpy as np
import yaml

Pair = tuple[str, str]
Pairs = list[Pair]
Splits = dict[str, Pairs]  # train, valid, test

out_of_scope = "out_of_scope"
held_out = 2000  # reviews of each set to test on, and as many to choose by


def folded(text: str) -> str:
    """Texts that differ in case and blanks alone count as the same."""
    return "".join(text.lower().split())


def clinc(data: Path) -> Splits:
    """Out-of-scope texts carry the label out_of_scope."""
    rows = json.loads((data / "intent/clinc150/data_full.json").read_text())
    strangers = lambda split: [(text, out_of_scope) for text, _ in rows[f"oos_{split}"]]
    known = lambda split: [(text, label) for text, label in rows[split]]
    return {name: known(split) + strangers(split) for name, split in (("train", "train"), ("valid", "val"), ("test", "test"))}


def banking(data: Path) -> Splits:
    folder = data / "intent/banking77"
    lines = lambda split, name: (folder / split / name).read_text().splitlines()
    return {split: list(zip(lines(split, "seq.in"), lines(split, "label"))) for split in ("train", "valid", "test")}


def sst2(data: Path) -> Splits:
    lines = lambda name: (data / f"sentiment/sst2-en/{name}.tsv").read_text().splitlines()
    rows = lambda name: [tuple(row.rsplit("\t", 1)) for row in lines(name) if "\t" in row]
    return {"train": rows("train"), "valid": rows("dev"), "test": rows("test")}


def smp(data: Path) -> Splits:
    splits: Splits = {}
    for row in map(json.loads, (data / "intent/smp-ecdt-zh/smp2017.jsonl").open()):
        splits.setdefault(row["split"], []).append((row["text"], row["intent"]))
    # Few texts: most of its validation part trains too, as it does in the project's benchmark
    valid = sample(splits["valid"], len(splits["valid"]))
    return {"train": splits["train"] + valid[400:], "valid": valid[:400], "test": splits["test"]}


def reviews(name: str, data: Path) -> Splits:
    """The order of `shuffled(rows, randomFrom(41))` in language/random.ts: its first 2,000 are the test, as in the project's benchmark."""
    with (data / f"sentiment/reviews-zh/{name}.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["review"], row["label"]) for row in csv.DictReader(file)]
    pairs = [rows[i] for i in shuffled(len(rows), 41)]
    # Those that the benchmark trains its heads on stand at once after the test, so what chooses comes from the end
    rest = [pair for pair in pairs[held_out:] if pair[0].strip()]
    return {"train": rest[:-held_out], "valid": rest[-held_out:], "test": pairs[:held_out]}


def airline(data: Path) -> Pairs:
    rows = map(json.loads, (data / "replay/airline-tweets/tweets.jsonl").open())
    return [(row["text"], row["sentiment"]) for row in rows]


def own(kind: str, language: str, examples: Path) -> Pairs:
    lists = yaml.safe_load((examples / f"{kind}.{language}.yaml").read_text())
    return [(text, label) for label, texts in lists.get("intents", lists).items() for text in texts]


def mood(binary: Pairs, requests: list[str], language: str, examples: Path) -> Pairs:
    """Three classes: a binary set's poles, this project's own examples, and requests, which are neutral."""
    poles = {"0": "negative", "1": "positive"}
    neutral = [(text, "neutral") for text in requests]
    return [(text, poles[label]) for text, label in binary] + own("sentiment", language, examples) + neutral


def sample(items: list, count: int, seed: int = 0) -> list:
    order = np.random.RandomState(seed).permutation(len(items))[:count]
    return [items[i] for i in order]


def shuffled(count: int, seed: int) -> list[int]:
    """`shuffled` of language/random.ts: Fisher and Yates by mulberry32."""
    state = seed

    def random() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return (t ^ (t >> 14)) / 2**32

    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = int(random() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def sets(language: str, data: Path) -> dict[str, Splits]:
    if language == "en":
        return {"clinc": clinc(data), "banking": banking(data), "sst2": sst2(data)}
    return {"smp": smp(data), "waimai": reviews("waimai_10k", data), "shopping": reviews("online_shopping_10_cats", data)}


def tasks(language: str, data: Path, examples: Path, without: list[str] = []) -> dict[str, tuple[Pairs, float]]:
    """The training pairs of each task and how many epochs of them, less every text that stands in any set's test or validation."""
    all_sets = sets(language, data)
    train = {name: splits["train"] for name, splits in all_sets.items()}
    shop = own("intents", language, examples)
    if language == "en":
        asked = [text for text, label in sample(train["clinc"], 3000) if label != out_of_scope]
        chosen = {
            "clinc": (train["clinc"], 3.0),
            "banking": (train["banking"], 3.0),
            "sst2": (train["sst2"], 4.0),
            "mood": (mood(sample(train["sst2"], 3000, 1), asked, language, examples), 2.0),
            "shop": (shop, 2.0),
        }
    else:
        asked = [text for text, _ in sample(train["smp"], 2000)]
        chosen = {
            "smp": (train["smp"], 6.0),
            "reviews": (train["shopping"], 1.0),
            "waimai": (train["waimai"], 2.0),
            "mood": (mood(sample(train["waimai"], 1500, 1), asked, language, examples), 1.5),
            "shop": (shop, 1.5),
        }
    banned = {folded(text) for splits in all_sets.values() for name in ("valid", "test") for text, _ in splits[name]}
    kept = lambda pairs: [pair for pair in pairs if folded(pair[0]) not in banned]
    return {name: (kept(pairs), epochs) for name, (pairs, epochs) in chosen.items() if name not in without}
