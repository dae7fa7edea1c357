/** The lines of a connection; a line may come in pieces, and a piece may hold many lines. */
import type { Socket } from 'node:net'

/** Lines that arrived together come together. Ends with the connection, or throws what broke it. */
export async function* linesOf(socket: Socket): AsyncGenerator<string[], void, void> {
  let unfinished = ''
  socket.setEncoding('utf8')
  for await (const piece of socket) {
    const lines = `${unfinished}${piece}`.split('\n')
    unfinished = lines.pop() ?? ''
    yield lines
  }
}
