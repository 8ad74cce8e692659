const SECRET_NAME =
  /(api[-_]?key|token|secret|passw(or)?d|authorization|auth|credential|cookie|private[-_]?key|session[-_]?key|dsn)/i;
const SECRET_TEXT: readonly RegExp[] = [
  /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi,
  /\b(sk|pk|rk|ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|tvly|fc)[-_][\w-]{8,}/g,
  /\bAKIA[0-9A-Z]{12,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(\/\/[^/\s:@]+:)[^@\s/]+(?=@)/g,
];

/** Variables are often named so, whereas `sort_key` or `key` in arguments is no secret. */
const SECRET_VARIABLE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_(KEY|PASS|PWD|PAT|PIN)$/;

/** Whether a variable, header or option of this name is likely to hold a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || SECRET_VARIABLE.test(name);
}

/** The text with everything that looks like a credential replaced by `***`. */
export function redactText(text: string): string {
  let out = text.replace(
    /((?:^|[\s"'?&-])[\w-]*(?:api[-_]?key|token|secret|passw(?:or)?d|credential)[\w-]*["']?\s*[=:]\s*["']?)([^\s"'&,;]{3,})/gi,
    '$1***',
  );
  for (const pattern of SECRET_TEXT)
    out = out.replace(pattern, (match, lead?: string) =>
      typeof lead === 'string' && match.startsWith(lead) && lead.startsWith('//') ? `${lead}***` : '***',
    );
  return out;
}

/** A command line as it may be shown: option values with secret names, and credentials anywhere, replaced. */
export function redactCommand(command: readonly string[]): readonly string[] {
  return command.map((word, i) => {
    const assigned = /^(--?[\w-]+|[A-Z_][A-Z0-9_]*)=(.*)$/s.exec(word);
    if (assigned?.[1] !== undefined && isSecretName(assigned[1])) return `${assigned[1]}=***`;
    const before = command[i - 1];
    if (before !== undefined && /^--?[\w-]+$/.test(before) && isSecretName(before) && !word.startsWith('-'))
      return '***';
    return redactText(word);
  });
}
