/**
 * Whether a connection failed as the server is there, but does not know the user: to try again is
 * of no use. The client's errors are named AuthorizationError and UserAuthenticationExpiredError.
 */
export function isUserRefused(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown }
  return isAuthError(cause)
}

/** The same of the client's own error. */
export function isAuthError(cause: unknown): boolean {
  return cause instanceof Error && /auth/i.test(cause.name)
}
