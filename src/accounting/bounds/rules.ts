import { speechBound, transcriptionBound } from './audio.ts';
import { editBound, generationBound } from './images.ts';
import type { BoundRule } from './rule.ts';
import { chatBound, completionBound, responsesBound } from './text.ts';
import { embeddingBound, rerankBound } from './vectors.ts';

/** By the endpoint's id; every endpoint that has a price has one. */
export const boundRules: Readonly<Record<string, BoundRule>> = {
  'audio.speech': speechBound,
  'audio.transcriptions': transcriptionBound,
  'audio.translations': transcriptionBound,
  'chat.completions': chatBound,
  completions: completionBound,
  embeddings: embeddingBound,
  'images.edits': editBound,
  'images.generations': generationBound,
  rerank: rerankBound,
  responses: responsesBound,
};
