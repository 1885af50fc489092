"""Writes an encoder for Murmur: the graph (token ids and mask to a vector of length 1) with 8-bit weights, the words, the manifest.

Dynamic quantisation, per output channel; embeddings by row. Weights take 7 bits, so that sums can't overflow on processors
that add products in 16 bits (those without VNNI); measured, that loses nothing."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import bert

max_tokens, largest = 128, 63


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.quantised = [], [], {}

    def constant(self, array, dtype=None) -> str:
        name = f"c{len(self.constants)}"
        # In order="C", and, unlike by ascontiguousarray, a number alone stays one
        self.constants.append(numpy_helper.from_array(np.array(array, dtype, order="C"), name))
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes):
        made = [name or f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), made, **attributes))
        return made[0] if outputs == 1 else made

    def product(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """x @ weight.T + bias, in 8-bit integers."""
        steps = np.abs(weight).max(1) / largest
        steps[steps == 0] = 1e-8
        whole = np.clip(np.round(weight / steps[:, None]), -largest, largest).astype(np.int8).T
        if x not in self.quantised:
            self.quantised[x] = self.op("DynamicQuantizeLinear", x, outputs=3)
        values, step, zero = self.quantised[x]
        sums = self.op("MatMulInteger", values, self.constant(whole), zero, self.constant(np.zeros(len(steps)), np.int8))
        unit = self.op("Mul", step, self.constant(steps, np.float32))
        return self.op("Add", self.op("Mul", self.op("Cast", sums, to=TensorProto.FLOAT), unit), self.constant(bias))

    def embedding(self, table: np.ndarray, ids: str) -> str:
        steps = np.abs(table).max(1, keepdims=True) / 127
        steps[steps == 0] = 1e-8
        whole = self.op("Gather", self.constant(np.round(table / steps), np.int8), ids)
        unit = self.op("Gather", self.constant(steps, np.float32), ids)
        return self.op("Mul", self.op("Cast", whole, to=TensorProto.FLOAT), unit)


def build(state: dict[str, np.ndarray], shape: bert.Shape) -> onnx.ModelProto:
    g = Graph()
    width = state["word.weight"].shape[1]
    layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    depth = width // shape.heads
    norm = lambda x, at: g.op("LayerNormalization", x, g.constant(state[f"{at}.weight"]), g.constant(state[f"{at}.bias"]), axis=-1, epsilon=1e-12)
    linear = lambda x, at: g.product(x, state[f"{at}.weight"], state[f"{at}.bias"])

    length = g.op("Slice", g.op("Shape", "input_ids"), g.constant([1], np.int64), g.constant([2], np.int64))
    places = g.constant(state["pos.weight"][:max_tokens] + state["typ.weight"][0])
    place = g.op("Slice", places, g.constant([0], np.int64), length, g.constant([0], np.int64))
    x = norm(g.op("Add", g.embedding(state["word.weight"], "input_ids"), place), "ln")
    mask = g.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    inverse = g.op("Sub", g.op("Unsqueeze", mask, g.constant([1, 2], np.int64)), g.constant(1, np.float32))
    bias = g.op("Mul", inverse, g.constant(1e4, np.float32))
    apart, together = g.constant([0, 0, shape.heads, depth], np.int64), g.constant([0, 0, width], np.int64)
    for i in range(layers):
        at = f"layers.{i}"
        scaled = lambda kind: state[f"{at}.q.{kind}"] * depth**-0.5
        weight = np.concatenate([scaled("weight"), state[f"{at}.k.weight"], state[f"{at}.v.weight"]])
        biases = np.concatenate([scaled("bias"), state[f"{at}.k.bias"], state[f"{at}.v.bias"]])
        q, k, v = g.op("Split", g.product(x, weight, biases), g.constant([width] * 3, np.int64), outputs=3, axis=-1)
        q, v = (g.op("Transpose", g.op("Reshape", one, apart), perm=[0, 2, 1, 3]) for one in (q, v))
        k = g.op("Transpose", g.op("Reshape", k, apart), perm=[0, 2, 3, 1])
        seen = g.op("MatMul", g.op("Softmax", g.op("Add", g.op("MatMul", q, k), bias), axis=-1), v)
        seen = g.op("Reshape", g.op("Transpose", seen, perm=[0, 2, 1, 3]), together)
        x = norm(g.op("Add", x, linear(seen, f"{at}.o")), f"{at}.ln1")
        up = linear(x, f"{at}.up")
        erf = g.op("Add", g.op("Erf", g.op("Div", up, g.constant(2**0.5, np.float32))), g.constant(1, np.float32))
        gelu = g.op("Mul", g.op("Mul", up, erf), g.constant(0.5, np.float32))
        x = norm(g.op("Add", x, linear(gelu, f"{at}.down")), f"{at}.ln2")
    if shape.pooling == "mean":
        # No division by the number of tokens: the length is made 1 below
        shown = g.op("Mul", x, g.op("Unsqueeze", mask, g.constant([2], np.int64)))
        pooled = g.op("ReduceSum", shown, g.constant([1], np.int64), keepdims=0)
    else:
        pooled = g.op("Gather", x, g.constant(0, np.int64), axis=1)
    g.op("Div", pooled, g.op("ReduceL2", pooled, axes=[1], keepdims=1), name="embedding")
    ids = lambda name: helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
    out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", width])
    graph = helper.make_graph(g.nodes, "encoder", [ids("input_ids"), ids("attention_mask")], [out], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=bert.shapes)
    parser.add_argument("--base", type=Path, required=True, help="folder of fetch.sh")
    parser.add_argument("--tuned", type=Path, nargs="*", default=[], help="what train.py wrote, averaged if several; the untuned encoder unless told")
    parser.add_argument("--out", type=Path, required=True, help="folder, such as models/en")
    args = parser.parse_args()
    shape = bert.shapes[args.language]
    state = bert.load(str(args.base / args.language / "base.onnx"), shape).state_dict()
    if args.tuned:
        runs = [torch.load(file) for file in args.tuned]
        # Runs from one start end in one valley: their mean is as good as an ensemble, at the price of one (Wortsman et al., 2022)
        state = {name: sum(run[name] for run in runs) / len(runs) for name in state}
    state = {name: value.detach().float().numpy() for name, value in state.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    words = bert.tokenizer(str(args.base / args.language / "tokenizer.json")).get_vocab()
    files = {
        "encoder.onnx": build(state, shape).SerializeToString(),
        "vocab.txt": "".join(f"{word}\n" for word, _ in sorted(words.items(), key=lambda one: one[1])).encode(),
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {
        "format": 1,
        "name": f"murmur-{args.language}",
        "version": digests["encoder.onnx"][:12],
        "language": args.language,
        "dimensions": state["word.weight"].shape[1],
        "maxTokens": max_tokens,
        "pooling": shape.pooling,
        "lowercase": True,
        "sha256": digests,
        "base": shape.base,
    }
    files["manifest.json"] = (json.dumps(manifest, indent=2) + "\n").encode()
    for name, content in files.items():
        (args.out / f".{name}.new").write_bytes(content)
    # Whoever reads meanwhile sees whole files, and refuses a mix of old and new ones by their digests
    for name in files:
        (args.out / f".{name}.new").replace(args.out / name)
    print(args.out, manifest["version"], f"{(args.out / 'encoder.onnx').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
