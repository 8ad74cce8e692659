import { generate } from 'selfsigned';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

/** A certificate authority of the test's own. */
export async function authority(name = 'Test Authority'): Promise<KeyPair> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 365 * DAY_MS),
    notAfterDate: new Date(Date.now() + 365 * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { key, cert };
}

/** A server's certificate, valid from now minus `ageDays` until now plus `daysLeft`; self-signed without an issuer. */
export async function serverCertificate(options: {
  readonly issuer?: KeyPair;
  readonly host?: string;
  readonly ageDays?: number;
  readonly daysLeft?: number;
}): Promise<KeyPair> {
  const { issuer, host = 'localhost', ageDays = 30, daysLeft = 60 } = options;
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - ageDays * DAY_MS),
    notAfterDate: new Date(Date.now() + daysLeft * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
    ...(issuer === undefined ? {} : { ca: issuer }),
  });
  return { key, cert };
}
