/**
 * Bytes as text, as their byte-order mark says: editors and shells of Windows write one, and
 * PowerShell's `>` writes UTF-16. The mark itself is not a part of the text.
 */

export function decoded(bytes: Uint8Array): string {
  return decoderFor(bytes).decode(bytes)
}

/**
 * Lines as they come, without their ends. Only line feeds part them, so a line of NDJSON may hold
 * any other character.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let begun: string[] = [] // A line may be longer than many chunks: its parts are joined once.
  for await (const text of textsOf(chunks)) {
    const [first = '', ...lines] = text.split('\n')
    begun.push(first)
    for (const next of lines) {
      yield withoutReturn(begun.join(''))
      begun = [next]
    }
  }
  const last = begun.join('')
  if (last !== '') yield withoutReturn(last)
}

async function* textsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let decoder: Decoder | undefined
  let begun: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    begun = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
    if (decoder === undefined && begun.length < markBytes) continue
    decoder ??= decoderFor(begun)
    yield decoder.decode(begun, { stream: true })
    begun = new Uint8Array(0)
  }
  yield decoder === undefined ? decoded(begun) : decoder.decode()
}

type Decoder = InstanceType<typeof TextDecoder>

/** The longest, that of UTF-8. */
const markBytes = 3

/** The mark of UTF-16 is U+FEFF in its order of bytes; text without one is UTF-8. */
function decoderFor([first, second]: Uint8Array): Decoder {
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le')
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be')
  return new TextDecoder()
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
