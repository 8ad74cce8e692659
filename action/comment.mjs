/*
 * Puts the result into the one comment that this action has in the pull request: makes it the first time, renews it
 * after that. A hidden line at its start tells whose it is. Nothing but Node.js.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventOf } from './forks.mjs';

/** GitHub takes 65,536 characters. */
const MOST_CHARACTERS = 60_000;
const PAGE = 100;

const env = process.env;
const api = env.GITHUB_API_URL ?? 'https://api.github.com';
const number = eventOf(env).pull_request?.number;
if (number === undefined) console.log('No comment: this run belongs to no pull request.');
else await comment(`${api}/repos/${env.GITHUB_REPOSITORY}/issues`);

async function comment(issues) {
  const marker = `<!-- mettle ${(env.METTLE_KEY ?? '').replaceAll(/[^\w ./-]/g, '_')} -->`;
  try {
    const mine = await ownComment(`${issues}/${number}/comments?per_page=${PAGE}`, marker);
    const body = bodyOf(marker);
    if (mine === null) await ask('POST', `${issues}/${number}/comments`, { body });
    else await ask('PATCH', `${issues}/comments/${mine.id}`, { body });
    console.log(mine === null ? 'Commented.' : `Renewed comment ${mine.id}.`);
  } catch (error) {
    // In a pull request from a fork the token may only read. The result is in the summary of the job, so the run goes on.
    const why = [401, 403, 404].includes(error.status)
      ? 'the token may not write here (a pull request from a fork, or no "pull-requests: write")'
      : error.message;
    console.log(`::notice title=Mettle::No comment: ${why}. The result is in the summary of the job.`);
  }
}

/** Ours, on whichever page; never one that a person wrote, whatever it holds. */
async function ownComment(first, marker) {
  const { login } = await ask('GET', `${api}/user`).then(
    ({ value }) => value,
    // The workflow's own token is nobody; what it writes is a bot's.
    () => ({ login: null }),
  );
  for (let url = first; url !== null;) {
    const { value, next } = await ask('GET', url);
    const mine = value.find(
      ({ body, user }) =>
        body?.startsWith(marker) === true && (user?.type === 'Bot' || user?.login === login),
    );
    if (mine !== undefined) return mine;
    url = next;
  }
  return null;
}

function bodyOf(marker) {
  const result = withoutMentions(readFileSync(join(env.METTLE_FOLDER, 'result.md'), 'utf8'));
  const run = `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
  const more = env.METTLE_ARTIFACT ? ` The HTML report is in its artifact "${env.METTLE_ARTIFACT}".` : '';
  const foot = `\n<sub>[This run](${run}).${more}</sub>\n`;
  if (result.length <= MOST_CHARACTERS) return `${marker}\n${result}${foot}`;
  const cut = result.slice(0, result.lastIndexOf('\n', MOST_CHARACTERS));
  return `${marker}\n${cut}\n\n… cut here; the summary of the job has the rest.\n${foot}`;
}

/** Whoever is called as a package or a tool is not told of this; code is left alone, nothing in it calls anybody. */
function withoutMentions(markdown) {
  return markdown
    .split(/(`[^`\n]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/@(?=[a-z0-9])/gi, '@<!-- -->')))
    .join('');
}

async function ask(method, url, content) {
  const answer = await fetch(url, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${env.METTLE_TOKEN}`,
      'content-type': 'application/json',
      'user-agent': 'mettle-action',
      'x-github-api-version': '2022-11-28',
    },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (!answer.ok)
    throw Object.assign(new Error(`GitHub answered ${answer.status} to ${method} ${new URL(url).pathname}`), {
      status: answer.status,
    });
  const next = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] ?? null;
  // The token goes to the API alone, wherever a link may lead.
  if (next !== null && new URL(next).origin !== new URL(api).origin)
    throw new Error(`a page elsewhere: ${next}`);
  return { value: JSON.parse(text), next };
}
