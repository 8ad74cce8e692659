import { CLIENT_SCRIPT, CLIENT_SCRIPT_SHA256 } from './client-script.ts';
import { STYLES } from './styles.ts';
import { html, trusted, type Html } from './template.ts';

/** Only our own scripts may run, and nothing may be fetched from anywhere, whatever a target smuggled in. */
function policy(scriptHashes: readonly string[]): string {
  const scripts = scriptHashes.map((hash) => `'sha256-${hash}'`).join(' ');
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${scripts}; base-uri 'none'; form-action 'none'`;
}

// Not in a template: the policy knows the script by its hash, to which every blank counts.
const SCRIPT_ELEMENT = trusted(`<script>${CLIENT_SCRIPT}</script>`);

export interface HtmlDocument {
  readonly title: string;
  /** What the link for keyboards leads to: "the verdicts". */
  readonly firstThing: string;
  readonly masthead: Html;
  /** In order; those that are null are left out. */
  readonly sections: readonly (readonly [id: string, name: string, section: Html | null])[];
  readonly footer: string;
  /** Of a section of its own. */
  readonly also?: { readonly styles: string; readonly script: string; readonly scriptSha256: string } | null;
  readonly data?: Html | null;
}

/** One self-contained page: opens from disk, offline; readable without scripts. */
export function documentOf({
  title,
  firstThing,
  masthead,
  sections,
  footer,
  also,
  data,
}: HtmlDocument): string {
  const present = sections.filter(([, , section]) => section !== null);
  const scriptHashes = [CLIENT_SCRIPT_SHA256, ...(also == null ? [] : [also.scriptSha256])];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy(scriptHashes)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${trusted(`<style>${STYLES}${also?.styles ?? ''}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to ${firstThing}</a>
        <div class="page">
          ${masthead}
          <nav aria-label="Sections">
            <ul>
              ${present.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
          <main id="main" tabindex="-1">${present.map(([, , section]) => section)}</main>
          <footer>
            <p>${footer}</p>
          </footer>
        </div>
        <p id="said" class="unseen" role="status" aria-live="polite"></p>
        ${data} ${SCRIPT_ELEMENT} ${also == null ? null : trusted(`<script>${also.script}</script>`)}
      </body>
    </html> `.markup;
}
