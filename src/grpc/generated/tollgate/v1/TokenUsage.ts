// Original file: protos/tollgate/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface TokenUsage {
  'input'?: (number | string | Long);
  'cacheRead'?: (number | string | Long);
  'cacheWrite'?: (number | string | Long);
  'output'?: (number | string | Long);
  'reasoning'?: (number | string | Long);
  'inputAudio'?: (number | string | Long);
  'cacheReadAudio'?: (number | string | Long);
  'outputAudio'?: (number | string | Long);
  'images'?: (number | string | Long);
  'audioMillis'?: (number | string | Long);
  'requests'?: (number | string | Long);
}

export interface TokenUsage__Output {
  'input': (string);
  'cacheRead': (string);
  'cacheWrite': (string);
  'output': (string);
  'reasoning': (string);
  'inputAudio': (string);
  'cacheReadAudio': (string);
  'outputAudio': (string);
  'images': (string);
  'audioMillis': (string);
  'requests': (string);
}
