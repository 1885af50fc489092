import type { Certificate } from './certificate.ts'

export interface KafkaSecurity {
  /** Whether clients come by TLS. */
  readonly tls?: boolean
  /**
   * Passwords by name. With it, clients must log in: by PLAIN, by SCRAM-SHA-256 or -512, or by OAUTHBEARER, where any
   * unsigned token does (RFC 7515, "alg":"none") and its "sub" is the name.
   */
  readonly users?: Readonly<Record<string, string>>
  /** Whether users may do nothing but what access rules allow. "admin", and whoever comes inside, may do everything. */
  readonly acls?: boolean
}

const modules = 'org.apache.kafka.common.security'

/** The properties by which a broker guards its client listener. */
export function securityProperties(
  { tls, users, acls }: KafkaSecurity,
  certificate: Certificate | undefined,
): Record<string, string> {
  const protocol = `${users ? 'SASL_' : ''}${tls ? 'SSL' : 'PLAINTEXT'}`
  return {
    'listener.security.protocol.map': `CLIENT:${protocol},INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    ...(users ? loginProperties(users) : {}),
    ...(certificate ? tlsProperties(certificate) : {}),
    ...(acls
      ? {
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': 'User:admin;User:ANONYMOUS',
        }
      : {}),
  }
}

/** What the formatting of a new cluster is told, so that it knows the users from its first second. */
export const scramArguments = ({ users = {} }: KafkaSecurity): string[] =>
  Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )

function loginProperties(users: Readonly<Record<string, string>>): Record<string, string> {
  const passwords = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  const logins: Record<string, string> = {
    PLAIN: `${modules}.plain.PlainLoginModule required ${passwords.join(' ')}`,
    'SCRAM-SHA-256': `${modules}.scram.ScramLoginModule required`,
    'SCRAM-SHA-512': `${modules}.scram.ScramLoginModule required`,
    OAUTHBEARER: `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker"`,
  }
  return {
    'listener.name.client.sasl.enabled.mechanisms': Object.keys(logins).join(','),
    ...Object.fromEntries(
      Object.entries(logins).map(([mechanism, login]) => [
        `listener.name.client.${mechanism.toLowerCase()}.sasl.jaas.config`,
        `${login};`,
      ]),
    ),
  }
}

/** The certificate also serves a client that must show one: 'listener.name.client.ssl.client.auth' is a property to set. */
const tlsProperties = ({ certificate, keyAndCertificate }: Certificate): Record<string, string> => ({
  'listener.name.client.ssl.keystore.type': 'PEM',
  'listener.name.client.ssl.keystore.location': keyAndCertificate,
  'listener.name.client.ssl.truststore.type': 'PEM',
  'listener.name.client.ssl.truststore.location': certificate,
})
