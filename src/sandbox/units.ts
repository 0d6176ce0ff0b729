/**
 * Counted units of one call: tokens for most models, characters for speech, seconds for whisper,
 * searches for rerank. `cached` and `cacheWrite` are parts of `input`, `reasoning` is part of `output`.
 */
export interface Units {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}
