"""Prints the token ids of the reference tokeniser, a line of JSON a text: from a JSON array of texts on standard input,
or, with --digest, one SHA-256 over all ids of them, as 32-bit little-endian numbers."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

import bert

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("language", choices=bert.shapes)
parser.add_argument("--base", type=Path, required=True, help="folder of fetch.sh")
parser.add_argument("--digest", action="store_true")
args = parser.parse_args()
tokens = bert.tokenizer(str(args.base / args.language / "tokenizer.json"), 128)
ids = [one.ids for one in tokens.encode_batch(json.load(sys.stdin))]
if args.digest:
    print(hashlib.sha256(np.concatenate(ids).astype("<i4").tobytes()).hexdigest())
else:
    for one in ids:
        print(json.dumps(one))
