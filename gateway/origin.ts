import { GatewayError } from './errors.ts'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/** Whether only programs of this machine can reach an address. */
const isLoopback = (host: string): boolean => loopback.test(host) || host === '::1'

/**
 * Keeps pages of other sites out. A browser says where a page comes from (`Origin`), which must be the gateway
 * itself; and a gateway on loopback answers only to loopback's names (`Host`), so that a site can't point its
 * own name at this machine (DNS rebinding).
 * @param bound the address that the gateway listens on
 * @throws GatewayError 403
 */
export function checkOrigin(bound: string, host: string, origin: string | undefined): void {
  if (isLoopback(bound) && !loopback.test(host))
    throw new GatewayError(403, 'FOREIGN_HOST', 'the gateway on loopback answers only to loopback’s names', {
      field: 'Host',
      value: host,
      remedy: 'address it as localhost or 127.0.0.1, or let it listen on another address with --host',
    })
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    throw new GatewayError(403, 'FOREIGN_ORIGIN', 'pages of other sites may not use the gateway', {
      field: 'Origin',
      value: origin,
      remedy: 'call it from a server, or from a page that the gateway itself serves',
    })
}
