import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import type { ControlPlane } from '../services/control-plane.ts';
import type { KeyServiceHandlers } from './generated/tollgate/v1/KeyService.ts';
import type { LimitServiceHandlers } from './generated/tollgate/v1/LimitService.ts';
import type { OperationsServiceHandlers } from './generated/tollgate/v1/OperationsService.ts';
import type { UsageServiceHandlers } from './generated/tollgate/v1/UsageService.ts';
import { keyService } from './key-service.ts';
import { limitService } from './limit-service.ts';
import { operationsService } from './operations-service.ts';
import type { Exchange, Unary, Watch } from './rpc.ts';
import { usageService } from './usage-service.ts';

/** A method as we write it, for a handler as grpc-js wants it. */
type Method<Handler> =
  Handler extends handleBidiStreamingCall<infer Asked, infer Answer>
    ? Exchange<Asked, Answer>
    : Handler extends handleServerStreamingCall<infer Asked, infer Answer>
      ? Watch<Asked, Answer>
      : Handler extends handleUnaryCall<infer Asked, infer Answer>
        ? Unary<Asked, Answer>
        : never;

/** All methods of a service of the contract: one that is not there is an error of types. */
type MethodsOf<Handlers> = {
  [Name in keyof Handlers as string extends Name ? never : Name]: Method<Handlers[Name]>;
};

/** Everything that the contract says can be asked, by service and method. */
export interface Methods {
  KeyService: MethodsOf<KeyServiceHandlers>;
  LimitService: MethodsOf<LimitServiceHandlers>;
  OperationsService: MethodsOf<OperationsServiceHandlers>;
  UsageService: MethodsOf<UsageServiceHandlers>;
}

export const methodsOf = (services: ControlPlane): Methods => ({
  KeyService: keyService(services),
  LimitService: limitService(services),
  OperationsService: operationsService(services),
  UsageService: usageService(services),
});
