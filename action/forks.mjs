import { readFileSync } from 'node:fs';

/**
 * Why this event may not be examined; null when it may. `pull_request_target` and `workflow_run` run with the secrets of the
 * repository: a server out of a fork, started there, could read them.
 */
export function refusal(env) {
  const name = env.GITHUB_EVENT_NAME ?? '';
  if (name !== 'pull_request_target' && name !== 'workflow_run') return null;
  const event = eventOf(env);
  const own = event.repository?.full_name ?? env.GITHUB_REPOSITORY;
  const from =
    name === 'workflow_run'
      ? event.workflow_run?.head_repository?.full_name
      : event.pull_request?.head?.repo?.full_name;
  if (from === own) return null;
  return `${name} runs with this repository's secrets, and this change comes from ${from ?? 'a fork that is gone'}: its server is not started here. Use the event pull_request, which has none.`;
}

/** What set the workflow off. */
export function eventOf(env) {
  return env.GITHUB_EVENT_PATH ? JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8')) : {};
}
