import type * as Ort from 'onnxruntime-node'

export type Runtime = Pick<typeof Ort, 'InferenceSession' | 'Tensor'>

/**
 * Loads ONNX Runtime: its library has 45 MB, and not every process needs it.
 * @throws where it can't be loaded, with the remedy
 */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const ort = await import('onnxruntime-node')
    return ort.default ?? ort
  } catch (error) {
    throw new Error(
      `ONNX Runtime can't be loaded on ${process.platform} ${process.arch}: ${(error as Error).message}; run "npm install" again, or set language.tier to linear`,
      { cause: error },
    )
  }
}

/** @param threads several on one small batch wait for each other more than they work */
export async function openSession(
  runtime: Runtime,
  graph: Uint8Array,
  threads = 1,
): Promise<Ort.InferenceSession> {
  return runtime.InferenceSession.create(graph, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Batches differ in shape: planning for each would only take memory
    enableMemPattern: false,
    logSeverityLevel: 3,
  })
}
