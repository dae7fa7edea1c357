/** A transport on a MessagePort: to a thread of this process, by structured clone. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Receiver, Transport } from './transport.ts'

/** Wraps one end of a MessageChannel. */
export function portTransport(port: MessagePort, receiver: Receiver): Transport {
  port.on('message', message => receiver.message(message))
  port.on('messageerror', error => receiver.garbled(`a message that can't be read (${error.message})`))
  port.on('close', () => receiver.closed())
  return {
    send: (message, transfer = []) => port.postMessage(message, transfer),
    drain() {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
        receiver.message(next.message)
    },
    ref: () => port.ref(),
    unref: () => port.unref(),
    close: () => port.close(),
  }
}
