import { buckets, type FeatureExtractor } from './features.ts'

/** Texts as sparse rows of features, numbered from 1 in order of appearance; 0 stands for a feature never seen. */
export interface Dataset {
  /** Features of all texts, back to back; those of text i lie between `starts[i]` and `starts[i + 1]`. */
  readonly features: Uint32Array
  readonly starts: Uint32Array
  /** The bucket of each feature. */
  readonly bucketOfRow: Uint32Array
}

export function datasetOf(texts: readonly string[], extractor: FeatureExtractor): Dataset {
  const rowOf = new Uint32Array(buckets)
  const starts = new Uint32Array(texts.length + 1)
  const features: number[] = []
  const bucketOfRow = [0]
  for (const [index, text] of texts.entries()) {
    extractor.extract(text)
    for (const bucket of extractor.ids.subarray(0, extractor.count)) {
      if (rowOf[bucket] === 0) rowOf[bucket] = bucketOfRow.push(bucket) - 1
      features.push(rowOf[bucket]!)
    }
    starts[index + 1] = features.length
  }
  return { features: Uint32Array.from(features), starts, bucketOfRow: Uint32Array.from(bucketOfRow) }
}
