import { once } from 'node:events';
import { createServer } from 'node:http';

/** Comments of issues as api.github.com has them: pages of at most `per_page` with a Link header, made and changed by who may. */
export async function githubApi({ perPageAtMost = 100, mayWrite = true } = {}) {
  const comments = [];
  const requests = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      requests.push({
        method: request.method,
        url: request.url,
        authorization: request.headers.authorization,
      });
      const { status, value, headers = {} } = answer(request, text);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;

  function answer({ method, url }, text) {
    const { pathname, searchParams } = new URL(url, origin);
    // As with the token of a workflow, which belongs to no user.
    if (pathname === '/user')
      return { status: 403, value: { message: 'Resource not accessible by integration' } };
    const one = /^\/repos\/acme\/shop\/issues\/comments\/(\d+)$/.exec(pathname);
    const all = pathname === '/repos/acme/shop/issues/7/comments';
    if (one === null && !all) return { status: 404, value: { message: 'Not Found' } };
    if (method !== 'GET' && !mayWrite)
      return { status: 403, value: { message: 'Resource not accessible by integration' } };
    if (one !== null) {
      const mine = comments.find(({ id }) => id === Number(one[1]));
      mine.body = JSON.parse(text).body;
      return { status: 200, value: mine };
    }
    if (method === 'POST')
      return { status: 201, value: add('github-actions[bot]', 'Bot', JSON.parse(text).body) };
    const size = Math.min(perPageAtMost, Number(searchParams.get('per_page') ?? 30));
    const page = Number(searchParams.get('page') ?? 1);
    const more = comments.length > page * size;
    const next = `${origin}${pathname}?per_page=${size}&page=${page + 1}`;
    return {
      status: 200,
      value: comments.slice((page - 1) * size, page * size),
      headers: more ? { link: `<${next}>; rel="next", <${next}>; rel="last"` } : {},
    };
  }

  function add(login, type, body) {
    if (body.length > 65_536) throw new Error('GitHub takes no comment of more than 65,536 characters');
    const comment = { id: 1000 + comments.length, user: { login, type }, body };
    comments.push(comment);
    return comment;
  }

  return { origin, comments, requests, add, close: () => server.close() };
}
