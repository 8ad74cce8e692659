/** The status page: everything it shows comes from the API. */
export const PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MCP servers</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" type="module"></script>
</head>
<body>
<header>
<h1>MCP servers</h1>
<p id="summary" role="status" aria-live="polite">Loading …</p>
<p id="missed" class="note" hidden></p>
<p id="live" class="note">Waiting for the watcher …</p>
</header>
<main>
<noscript><p>This page needs JavaScript; the same is told as JSON at <a href="/api/servers">/api/servers</a>.</p></noscript>
<section aria-labelledby="servers-title">
<div class="over"><h2 id="servers-title">Servers</h2>
<label id="filter" hidden><span class="unseen">Servers whose name contains</span><input type="search" placeholder="Name" autocomplete="off" spellcheck="false"></label>
<p class="key note"><span>The last 48 hours:</span> <span><i class="up"></i> up</span> <span><i class="part"></i> partly</span> <span><i class="down"></i> down</span> <span><i></i> not looked at</span> <span><i class="up missed"></i> not always</span></p></div>
<ul id="servers"></ul>
<p id="more" class="note" hidden></p>
</section>
<section aria-labelledby="incidents-title"><h2 id="incidents-title">Incidents</h2><ol id="incidents"></ol></section>
</main>
</body>
</html>
`;
