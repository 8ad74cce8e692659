import type { CertificateFacts, Detector, DetectorInput, Finding } from '../../evidence/index.ts';
import { plural } from '../figures.ts';
import { makeFinding, verifyCommand } from '../finding.ts';

const ID = 'certificate-expiring';
const DAY_MS = 86_400_000;
/** ACME clients renew a certificate of 90 days with 30 days left: at 14 the renewal has failed for two weeks. */
const USUAL_DAYS = 14;
/** Certificates of 47 days and of 6 are renewed with a third of their life left: at a fifth that has failed. */
const USUAL_SHARE = 0.2;
/** Less than this share of the time for warning, and the next weekend may be too late. */
const URGENT_SHARE = 0.25;

type Input = DetectorInput<'probe' | 'target'>;

/** A certificate that will soon be refused by every client. */
export const certificateExpiring: Detector<'probe' | 'target'> = {
  id: ID,
  check: 'protocol',
  examinations: ['probe'],
  needs: ['probe', 'target'],

  detect(evidence) {
    const { outcome } = evidence.probe;
    // One that has expired already makes the server unreachable: that is said there.
    if (outcome.certificate === null || outcome.failedPhase === 'tls') return [];
    const left = daysLeft(evidence, outcome.certificate);
    const bar = barDays(evidence, outcome.certificate);
    return left < bar ? [findingOf(evidence, outcome.certificate, left, bar)] : [];
  },

  blind({ probe }) {
    return probe.outcome.certificate === null ? 'no TLS, so no certificate' : null;
  },

  looked(evidence) {
    const { certificate } = evidence.probe.outcome;
    if (certificate === null) return 'no certificate';
    return `a certificate valid for ${plural(Math.floor(daysLeft(evidence, certificate)), 'more day')}`;
  },
};

/** Of the moment of the look, so that a saved run judges as it did. */
function daysLeft({ probe }: Input, { validTo }: CertificateFacts): number {
  return (Date.parse(validTo) - Date.parse(probe.outcome.startedAt)) / DAY_MS;
}

function barDays({ probe }: Input, certificate: CertificateFacts): number {
  if (probe.certificateDays !== null) return probe.certificateDays;
  const first = certificate.chain.find(({ validTo }) => validTo === certificate.validTo);
  const lifeDays =
    first === undefined ? Infinity : (Date.parse(first.validTo) - Date.parse(first.validFrom)) / DAY_MS;
  return Math.min(USUAL_DAYS, lifeDays * USUAL_SHARE);
}

function findingOf({ target }: Input, certificate: CertificateFacts, left: number, bar: number): Finding {
  const first = certificate.chain.find(({ validTo }) => validTo === certificate.validTo);
  const which =
    first === undefined || first === certificate.chain[0] ? '' : `, that of ${first.subject} in its chain,`;
  return makeFinding({
    id: ID,
    tool: null,
    location: undefined,
    severity: left < bar * URGENT_SHARE ? 'high' : 'medium',
    confidence: 'measured',
    title: `The TLS certificate${which} expires in ${remaining(left)}, on ${certificate.validTo.slice(0, 10)}`,
    evidence: [
      {
        kind: 'table',
        title: 'Certificate chain',
        columns: ['subject', 'issuer', 'valid from', 'valid to'],
        rows: certificate.chain.map(({ subject, issuer, validFrom, validTo }) => [
          subject,
          issuer,
          validFrom,
          validTo,
        ]),
      },
    ],
    cost: { value: Math.floor(left), unit: 'days left', per: 'run' },
    fix: 'Renew the certificate and load it in whatever terminates TLS; find out why the renewal that should have happened did not (ACME client, DNS or HTTP challenge, a proxy that was not reloaded).',
    verify: {
      command: verifyCommand(ID, target),
      expect: 'exit code 0: the certificate is valid long enough',
    },
  });
}

function remaining(days: number): string {
  return days < 2 ? plural(Math.max(0, Math.floor(days * 24)), 'hour') : plural(Math.floor(days), 'day');
}
