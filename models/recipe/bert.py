"""A plain BERT encoder in torch, with the weights of an ONNX file."""

from dataclasses import dataclass

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from tokenizers import Tokenizer, normalizers
from torch import nn


@dataclass(frozen=True)
class Shape:
    heads: int
    pooling: str  # mean or cls
    base: str


shapes = {
    "en": Shape(12, "mean", "sentence-transformers/all-MiniLM-L6-v2"),
    "zh": Shape(8, "cls", "BAAI/bge-small-zh-v1.5"),
}


def tokenizer(path: str, length: int | None = None) -> Tokenizer:
    """The base's own, in lower case: the file for Chinese that Maven has leaves capitals, which no word has, as they are."""
    tokens = Tokenizer.from_file(path)
    tokens.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokens.no_padding()
    tokens.no_truncation()
    if length:
        tokens.enable_truncation(length)
    return tokens


def dropped(x, share: float, training: bool):
    """Dropout of the same channels for all tokens of a text: the random numbers of plain dropout cost a tenth of the time on a processor."""
    if not training:
        return x
    return x * (x.new_empty(x.shape[0], 1, x.shape[2]).bernoulli_(1 - share) / (1 - share))


class Layer(nn.Module):
    def __init__(self, width: int, inner: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.ln1, self.ln2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)

    def forward(self, x, bias, dropout):
        batch, length, width = x.shape
        split = lambda t: t.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.q(x)), split(self.k(x)), split(self.v(x))
        # Step by step: for texts this short torch's fused attention takes longer, above all backwards
        scores = (q * (width // self.heads) ** -0.5) @ k.transpose(2, 3) + bias.to(q.dtype)
        with torch.autocast("cpu", enabled=False):
            seen = scores.softmax(-1)
        seen = (seen @ v).transpose(1, 2).reshape(batch, length, width)
        x = self.ln1(x + dropped(self.o(seen), dropout, self.training))
        return self.ln2(x + dropped(self.down(F.gelu(self.up(x))), dropout, self.training))


class Bert(nn.Module):
    """Token ids and mask to one vector a text, of length 1."""

    def __init__(self, words: int, positions: int, width: int, inner: int, layers: int, shape: Shape):
        super().__init__()
        self.word, self.pos, self.typ = nn.Embedding(words, width), nn.Embedding(positions, width), nn.Embedding(2, width)
        self.ln = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(width, inner, shape.heads) for _ in range(layers))
        self.pooling, self.dropout = shape.pooling, 0.1

    def forward(self, ids, mask):
        x = self.ln(self.word(ids) + self.pos.weight[: ids.shape[1]] + self.typ.weight[0])
        x = dropped(x, self.dropout, self.training)
        bias = ((1 - mask.to(x.dtype)) * -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias, self.dropout)
        if self.pooling == "mean":
            weights = mask.to(x.dtype)[:, :, None]
            x = (x * weights).sum(1) / weights.sum(1)
        else:
            x = x[:, 0]
        return F.normalize(x.float(), dim=1)


def load(path: str, shape: Shape) -> Bert:
    graph = onnx.load(path).graph
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    linears = {}
    # Exporters name biases after the module, but weights of matrix products by number
    for node in graph.node:
        if node.op_type != "Add":
            continue
        biases = [name for name in node.input if name in arrays and name.endswith(".bias")]
        products = [makers[name] for name in node.input if name in makers and makers[name].op_type == "MatMul"]
        weights = [name for product in products for name in product.input if name in arrays]
        if biases and weights:
            linears[biases[0].removesuffix(".bias")] = (arrays[weights[0]].T, arrays[biases[0]])
    layers = 1 + max(int(name.split(".")[2]) for name in arrays if name.startswith("encoder.layer."))
    words = arrays["embeddings.word_embeddings.weight"]
    positions = arrays["embeddings.position_embeddings.weight"]
    inner = linears["encoder.layer.0.intermediate.dense"][0].shape[0]
    state = {
        "word.weight": words,
        "pos.weight": positions,
        "typ.weight": arrays["embeddings.token_type_embeddings.weight"],
        "ln.weight": arrays["embeddings.LayerNorm.weight"],
        "ln.bias": arrays["embeddings.LayerNorm.bias"],
    }
    parts = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value"}
    parts |= {"o": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense"}
    norms = {"ln1": "attention.output.LayerNorm", "ln2": "output.LayerNorm"}
    for i in range(layers):
        for own, theirs in parts.items():
            weight, bias = linears[f"encoder.layer.{i}.{theirs}"]
            state |= {f"layers.{i}.{own}.weight": weight, f"layers.{i}.{own}.bias": bias}
        for own, theirs in norms.items():
            for kind in ("weight", "bias"):
                state[f"layers.{i}.{own}.{kind}"] = arrays[f"encoder.layer.{i}.{theirs}.{kind}"]
    model = Bert(words.shape[0], positions.shape[0], words.shape[1], inner, layers, shape)
    model.load_state_dict({name: torch.tensor(array.copy()) for name, array in state.items()})
    return model
