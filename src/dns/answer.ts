/** Which octets answer which question. */
import { Opcode, Rcode } from './constants.ts';
import { decodeMessage, type Message, type ReceivedMessage } from './message.ts';
import { WireError } from './wire-error.ts';

export interface Request {
  readonly message: Message;
  /** `message` as it is sent, with its signature if there is one. */
  readonly octets: Buffer;
}

export interface Answer {
  readonly message: ReceivedMessage;
  readonly octets: Buffer;
}

export interface ExchangeOptions {
  /** For one address of the server. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Over TCP: asked at the last moment before the octets go out; false: they do not (`Aborted`). */
  readonly maySend?: (() => boolean) | undefined;
}

/** `Unrelated`: it belongs to another question. `Malformed`: it has this question's ID, but cannot be read. */
export function readAnswer(octets: Buffer, request: Request): Answer | 'Unrelated' | 'Malformed' {
  if (octets.length < 2 || octets.readUInt16BE(0) !== request.message.id) return 'Unrelated';
  try {
    const message = decodeMessage(octets);
    return answers(message, request.message) ? { message, octets } : 'Unrelated';
  } catch (error) {
    if (error instanceof WireError) return 'Malformed';
    throw error;
  }
}

function answers(answer: ReceivedMessage, request: Message): boolean {
  if (!answer.flags.has('qr') || answer.opcode !== request.opcode) return false;
  // An UPDATE's answer may leave the zone out (RFC 2136 §3.8), and so may one to a message that was not understood.
  const mayBeEmpty =
    request.opcode === Opcode.Update || answer.rcode === Rcode.FormErr || answer.rcode === Rcode.NotImp;
  if (answer.questions.length === 0) return mayBeEmpty;
  return JSON.stringify(answer.questions) === JSON.stringify(request.questions);
}
