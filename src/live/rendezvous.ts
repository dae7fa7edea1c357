/**
 * Where a program and a command that looks into it meet: a folder of the program's own user, to
 * which nobody else has access.
 *
 *     command: makes /tmp/atonce-ps-<pid>-XXXXXX (0700), listens in it on a socket, sends SIGURG
 *     program: finds the folder, sees that it is its own user's, connects (door.ts)
 *
 * The program listens nowhere, so there is nothing to connect to, and nothing to leave open.
 * SIGURG, because whoever does not know it lets it pass by (signal(7)): no program ends of being
 * asked, and none has it taken away.
 */
export const calling = 'SIGURG'

/**
 * Of every system that has such sockets; the folder of temporary files may be another one for each
 * user.
 */
export const meetingPlace = '/tmp'

/** How the names of folders begin that are for this program. */
export function meetingPrefix(pid: number): string {
  return `atonce-ps-${pid}-`
}

export const socketName = 'door'
