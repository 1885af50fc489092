"""Prints the figures of a shipped encoder (int8) on the test splits: heads fitted on vectors of the training split.

Everything that is chosen (weights of blends, thresholds) is chosen on validation. The n-gram model here is scikit-learn's
stand-in for the project's linear tier; the figures that count are those of `npm run bench:language`."""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from scipy.special import log_softmax, logsumexp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

import bert
import data


class Encoder:
    def __init__(self, folder: Path, tokenizer: Path, cache: Path | None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(folder / "encoder.onnx", options)
        manifest = json.loads((folder / "manifest.json").read_text())
        self.tokens = bert.tokenizer(str(tokenizer), manifest["maxTokens"])
        self.cache = cache and cache / manifest["version"]
        if self.cache:
            self.cache.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str, texts: list[str]) -> np.ndarray:
        file = self.cache and self.cache / f"{name}-{len(texts)}.npy"
        if file and file.exists():
            return np.load(file)
        ids = [one.ids for one in self.tokens.encode_batch(texts)]
        order, out = np.argsort([len(one) for one in ids], kind="stable"), [None] * len(ids)
        for i in range(0, len(order), 32):
            chosen = order[i : i + 32]
            x = np.zeros((len(chosen), max(len(ids[j]) for j in chosen)), np.int64)
            for row, j in enumerate(chosen):
                x[row, : len(ids[j])] = ids[j]
            # No text has [PAD], 0, as a token of its own
            for j, vector in zip(chosen, self.session.run(["embedding"], {"input_ids": x, "attention_mask": (x > 0).astype(np.int64)})[0]):
                out[j] = vector
        vectors = np.array(out)
        if file:
            np.save(file, vectors)
        return vectors


def texts(pairs: data.Pairs) -> list[str]:
    return [text for text, _ in pairs]


def labels(pairs: data.Pairs) -> np.ndarray:
    return np.array([label for _, label in pairs])


def share(right: np.ndarray) -> float:
    return round(100 * float(np.mean(right)), 2)


def logits(model, x) -> np.ndarray:
    z = model.decision_function(x)
    return np.stack([-z, z], 1) / 2 if z.ndim == 1 else z


def regression(vectors: np.ndarray, wanted: np.ndarray, cost: float = 10) -> LogisticRegression:
    return LogisticRegression(C=cost, max_iter=300, tol=1e-5).fit(vectors, wanted)


class Ngrams:
    """Words and characters with TF-IDF, separated by linear support vector machines."""

    def __init__(self, pairs: data.Pairs, language: str, cost: float):
        if language == "en":
            words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
            self.features = make_union(words, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True))
        else:
            self.features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2 if len(pairs) > 20_000 else 1)
        self.model = LinearSVC(C=cost).fit(self.features.fit_transform(texts(pairs)), labels(pairs))

    def __call__(self, pairs: data.Pairs) -> np.ndarray:
        return logits(self.model, self.features.transform(texts(pairs)))


def temperature(z: np.ndarray, wanted: np.ndarray) -> float:
    loss = lambda t: -np.mean(log_softmax(z * t, 1)[np.arange(len(z)), wanted])
    return min(np.geomspace(0.3, 40, 60), key=loss)


def blend(first: dict[str, np.ndarray], second: dict[str, np.ndarray], wanted: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    """Adds the calibrated log-probabilities of two models; how much the second counts is chosen on validation."""
    a = {k: log_softmax(z * temperature(first["valid"], wanted), 1) for k, z in first.items()}
    b = {k: log_softmax(z * temperature(second["valid"], wanted), 1) for k, z in second.items()}
    mixed = lambda k, w: (1 - w) * a[k] + w * b[k]
    # By the loss, which tells more than the accuracy of a thousand texts
    loss = lambda w: -np.mean(log_softmax(mixed("valid", w), 1)[np.arange(len(wanted)), wanted])
    accuracy = lambda w: np.mean(mixed("valid", w).argmax(1) == wanted)
    best = max(np.linspace(0, 0.9, 19), key=lambda w: (round(accuracy(w), 4) , -loss(w)))
    return best, {k: mixed(k, best) for k in a}


def classify(name: str, splits: data.Splits, encode: Encoder, language: str, cost: float = 1, ngrams: data.Pairs | None = None):
    known = {k: [p for p in pairs if p[1] != data.out_of_scope] for k, pairs in splits.items()}
    x = {k: encode(f"{name}-{k}", texts(pairs)) for k, pairs in known.items()}
    head = regression(x["train"], labels(known["train"]))
    number = {label: i for i, label in enumerate(head.classes_)}
    wanted = {k: np.array([number.get(label, -1) for _, label in known[k]]) for k in ("valid", "test")}
    z = {k: logits(head, x[k]) for k in wanted}
    linear = Ngrams(ngrams or known["train"], language, cost)
    n = {k: linear(known[k]) for k in wanted}
    weight, both = blend(z, n, wanted["valid"])
    figures = {part: [share(part_z[k].argmax(1) == wanted[k]) for k in wanted] for part, part_z in (("head", z), ("n-grams", n), ("blend", both))}
    print(f"{name}: {len(x['train'])} for the head; valid, test: {figures}, weight of n-grams {weight:.2f}", flush=True)
    return head, linear


def scope(splits: data.Splits, encode: Encoder, head, linear) -> None:
    """CLINC150: what tells texts out of scope; a threshold that lets `kept` of the validation's known texts through."""
    parts = {}
    near = encode("clinc-train", texts([p for p in splits["train"] if p[1] != data.out_of_scope]))
    for split in ("valid", "test"):
        for inside in (True, False):
            pairs = [p for p in splits[split] if (p[1] != data.out_of_scope) == inside]
            x = encode(f"clinc-{split}" if inside else f"clinc-{split}-strangers", texts(pairs))
            z, n = logits(head, x), linear(pairs)
            likeness = np.sort(np.partition(x @ near.T, -10, 1)[:, -10:], 1)
            parts[split, inside] = {
                "softmax": log_softmax(z, 1).max(1),
                "logit": z.max(1),
                "energy": logsumexp(z, 1),
                "neighbours": likeness[:, -5],
                "n-grams": n.max(1),
                "right": head.classes_[z.argmax(1)] == labels(pairs),
                "right both": head.classes_[(log_softmax(z, 1) + log_softmax(6 * n, 1)).argmax(1)] == labels(pairs),
            }
    known, unknown = parts["valid", True], parts["valid", False]
    norm = lambda part, name: (part[name] - known[name].mean()) / known[name].std()
    sums = {name: [name] for name in ("softmax", "logit", "energy", "neighbours", "n-grams")}
    sums |= {"+".join(names): list(names) for names in (("logit", "neighbours"), ("energy", "neighbours"), ("logit", "n-grams"), ("logit", "neighbours", "n-grams"), ("energy", "neighbours", "n-grams"))}
    for name, names in sums.items():
        score = lambda part: sum(norm(part, one) for one in names)
        area = lambda split: roc_auc_score([1] * len(score(parts[split, True])) + [0] * len(score(parts[split, False])), np.r_[score(parts[split, True]), score(parts[split, False])])
        line = []
        for kept in (0.97, 0.96, 0.95, 0.94):
            least = np.quantile(score(known), 1 - kept)
            seen, strangers = score(parts["test", True]) >= least, score(parts["test", False]) < least
            line.append(f"{kept}: {share(parts['test', True]['right'] & seen)} ({share(parts['test', True]['right both'] & seen)}) / {share(strangers)}")
        print(f"  scope by {name}: AUROC valid {area('valid'):.4f} test {area('test'):.4f}; kept: accuracy (with n-grams) / recall", *line, sep="  ", flush=True)


def few(splits: data.Splits, encode: Encoder, count: int = 10, draws: int = 3) -> None:
    x, wanted = {k: encode(f"banking-{k}", texts(splits[k])) for k in ("train", "test")}, {k: labels(splits[k]) for k in ("train", "test")}
    for cost in (10, 30, 100):
        scores = []
        for draw in range(draws):
            order, seen, chosen = np.random.RandomState(draw).permutation(len(x["train"])), Counter(), []
            for i in order:
                seen[wanted["train"][i]] += 1
                if seen[wanted["train"][i]] <= count:
                    chosen.append(i)
            scores.append(share(regression(x["train"][chosen], wanted["train"][chosen], cost).predict(x["test"]) == wanted["test"]))
        print(f"banking with {count} a class, C {cost}: {np.mean(scores):.2f} {scores}", flush=True)


def moods(encode: Encoder, folder: Path, examples: Path) -> None:
    """Three classes on airline posts, which nothing was trained on."""
    sets = data.sets("en", folder)
    requests = [text for text, label in sets["clinc"]["train"] + sets["banking"]["train"] if label != data.out_of_scope]
    posts = data.airline(folder)
    x, wanted = encode("airline", texts(posts)), labels(posts)
    for poles, neutral in ((6920, 3000), (3000, 3000), (3000, 1500), (1500, 1500), (0, 0)):
        pairs = data.mood(data.sample(sets["sst2"]["train"], poles), data.sample(requests, neutral), "en", examples)
        head = regression(encode(f"mood-{poles}-{neutral}", texts(pairs)), labels(pairs))
        found = head.predict(x)
        print(f"airline posts, {poles} SST-2 and {neutral} requests: accuracy {share(found == wanted)}, macro-F1 {100 * f1_score(wanted, found, average='macro'):.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=bert.shapes)
    parser.add_argument("--encoder", type=Path, required=True, help="folder, such as models/en")
    parser.add_argument("--base", type=Path, required=True, help="folder of fetch.sh")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--examples", type=Path, default=Path("language/examples"))
    parser.add_argument("--cache", type=Path, help="folder to keep vectors in")
    args = parser.parse_args()
    encode = Encoder(args.encoder, args.base / args.language / "tokenizer.json", args.cache)
    sets = data.sets(args.language, args.data)
    if args.language == "en":
        head, linear = classify("clinc", sets["clinc"], encode, "en")
        scope(sets["clinc"], encode, head, linear)
        classify("banking", sets["banking"], encode, "en")
        classify("sst2", sets["sst2"], encode, "en", 0.5)
        few(sets["banking"], encode)
        moods(encode, args.data, args.examples)
    else:
        classify("smp", sets["smp"], encode, "zh")
        classify("waimai", sets["waimai"], encode, "zh", 0.3)
        shopping = sets["shopping"]
        classify("shopping", shopping | {"train": shopping["train"][:10_000]}, encode, "zh", 0.3, shopping["train"])


if __name__ == "__main__":
    main()
