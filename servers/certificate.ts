import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** PEM files of a server that vouches for itself: a client that trusts the certificate trusts 127.0.0.1. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  /** Both in one file, as Kafka wants them. */
  readonly keyAndCertificate: string
}

/** Makes one that is good for a year, unless the folder has it. */
export async function certificateIn(folder: string): Promise<Certificate> {
  const files = {
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
    keyAndCertificate: join(folder, 'key-and-certificate.pem'),
  }
  if (existsSync(files.keyAndCertificate)) return files
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']
  const about = [
    '-days',
    '365',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
  ]
  await promisify(execFile)('openssl', [
    ...request,
    ...about,
    '-keyout',
    files.key,
    '-out',
    files.certificate,
  ])
  writeFileSync(
    files.keyAndCertificate,
    readFileSync(files.key, 'utf8') + readFileSync(files.certificate, 'utf8'),
  )
  return files
}
