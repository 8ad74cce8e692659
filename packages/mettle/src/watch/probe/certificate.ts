import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls';
import type { CertificateFacts, ChainCertificate } from '../../evidence/index.ts';

/** Longer chains are a server's mistake, or a loop. */
const MAX_CHAIN = 10;
const MAX_NAMES = 20;

/** The certificates that the server presented; null when it presented none. */
export function certificateOf(socket: TLSSocket): CertificateFacts | null {
  const own: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // Without a certificate Node gives an empty object.
  if (own?.valid_to === undefined) return null;
  const chain: ChainCertificate[] = [];
  const seen = new Set<string>();
  for (
    let each: DetailedPeerCertificate | undefined = own;
    each?.valid_to !== undefined && !seen.has(each.fingerprint256) && chain.length < MAX_CHAIN;
    each = each.issuerCertificate
  ) {
    seen.add(each.fingerprint256);
    chain.push({
      subject: nameOf(each.subject),
      issuer: nameOf(each.issuer),
      validFrom: isoTime(each.valid_from),
      validTo: isoTime(each.valid_to),
    });
  }
  return {
    validTo: chain.map(({ validTo }) => validTo).toSorted()[0] ?? isoTime(own.valid_to),
    names: (own.subjectaltname ?? '')
      .split(', ')
      .map((name) => name.replace(/^(DNS|IP Address):/, ''))
      .filter((name) => name !== '')
      .slice(0, MAX_NAMES),
    fingerprint256: own.fingerprint256,
    chain,
  };
}

function nameOf(subject: PeerCertificate['subject'] | undefined): string {
  const name = subject?.CN ?? subject?.O ?? '';
  return Array.isArray(name) ? name.join(', ') : name;
}

/** OpenSSL's time, such as "Nov 22 20:00:00 2026 GMT". */
function isoTime(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}

/** Why a certificate is not accepted, in words; `code` is OpenSSL's or Node's. */
export function describeRefusal(code: string, host: string, certificate: CertificateFacts | null): string {
  const own = certificate?.chain[0];
  const start = `the TLS handshake with ${host} failed: its certificate`;
  switch (code) {
    case 'CERT_HAS_EXPIRED': {
      const now = new Date().toISOString();
      const expired = certificate?.chain.find(({ validTo }) => validTo < now);
      if (expired === undefined || expired === own)
        return `${start} expired on ${expired?.validTo.slice(0, 10) ?? 'an unknown day'}`;
      return `${start} chain holds one that expired on ${expired.validTo.slice(0, 10)} (${expired.subject})`;
    }
    case 'CERT_NOT_YET_VALID':
      return `${start} is not valid before ${own?.validFrom ?? 'a later day'}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${start} is for another host (${certificate?.names.slice(0, 5).join(', ') || own?.subject || 'no name'})`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `${start} is self-signed: trust it with --ca FILE or NODE_EXTRA_CA_CERTS`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `${start} comes from an authority that is not trusted here (${certificate?.chain.at(-1)?.subject ?? 'unknown'}): trust it with --ca FILE or NODE_EXTRA_CA_CERTS`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `${start} chain is incomplete, or its issuer (${certificate?.chain.at(-1)?.issuer ?? 'unknown'}) is not trusted here: the server must send its intermediate certificates; a private authority is trusted with --ca FILE`;
    default:
      return `${start} was not accepted (${code})`;
  }
}
