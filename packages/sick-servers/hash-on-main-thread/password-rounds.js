import { pbkdf2Sync } from 'node:crypto';

/** The PBKDF2 rounds that cost about 120 ms of CPU on this machine: how password libraries say to choose them. */
export function passwordRounds() {
  const trialRounds = 20_000;
  let cheapestMs = Infinity;
  for (let trial = 0; trial < 3; trial++) {
    const before = process.cpuUsage();
    pbkdf2Sync('trial', 'salt', trialRounds, 32, 'sha512');
    const spent = process.cpuUsage(before);
    cheapestMs = Math.min(cheapestMs, (spent.user + spent.system) / 1000);
  }
  return Math.ceil((trialRounds * 120) / cheapestMs);
}
