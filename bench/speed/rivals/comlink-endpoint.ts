/** comlink's own adapter for Node, which its package has without types under this path. */
import type { Endpoint } from 'comlink'
// @ts-expect-error No types for this path.
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'

export const endpointOf: (port: unknown) => Endpoint = nodeEndpoint
