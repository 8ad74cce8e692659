import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How one published server is started and what is true of it. */
export interface PublishedServer {
  readonly package: string;
  readonly version: string;
  /** Examined by `npm run smoke` only, and installed for nothing else: the largest, and one that has nothing others have not. */
  readonly atLeisure?: true;
  /** The script below the package's folder. */
  readonly script: string;
  /** The MCP SDK's package, where it is installed beside the server; null where it is bundled. */
  readonly sdk: '@modelcontextprotocol/sdk' | '@modelcontextprotocol/server' | null;
  readonly server: { readonly name: string; readonly version: string };
  /** Both eras, or the 2025 one only. */
  readonly eras: readonly ('2025' | '2026')[];
  /** Fills a fresh folder, in which the server is started. */
  readonly prepare?: (folder: string) => void;
  readonly stdio: Start;
  readonly http?: (port: number) => Start;
  /** Tools that are called without being asked for: those that say that they only read. */
  readonly called: readonly string[];
  /** Tools that are listed and left alone. */
  readonly leftAlone: readonly string[];
  /** Findings that are true of this server, as `id tool`; any other is a false alarm. */
  readonly trueFindings: readonly string[];
}

export interface Start {
  readonly args: readonly string[];
  /** `{folder}` stands for the fresh folder. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens; absent on stdio. */
  readonly url?: string;
}

const RELEASE = '2026.8.31';
/** Its tools ask a service on the Internet, which is none of our business: nothing listens here. */
const NO_CONTEXT7 = { CONTEXT7_API_URL: 'http://127.0.0.1:9/api' };
const SDK_V1 = '@modelcontextprotocol/sdk';

/** Published servers of both SDK generations and of a bundled SDK, all of which work offline. */
export const PUBLISHED_SERVERS: readonly PublishedServer[] = [
  {
    package: '@modelcontextprotocol/server-everything',
    version: RELEASE,
    script: 'dist/index.js',
    sdk: SDK_V1,
    server: { name: 'mcp-servers/everything', version: '2.0.0' },
    eras: ['2025'],
    stdio: { args: ['stdio'] },
    http: (port) => ({
      args: ['streamableHttp'],
      env: { PORT: String(port) },
      url: `http://127.0.0.1:${port}/mcp`,
    }),
    called: words(`echo get-annotated-message get-env get-resource-links get-resource-reference
      get-structured-content get-sum get-tiny-image get-roots-list trigger-long-running-operation`),
    leftAlone: words(`gzip-file-as-resource toggle-simulated-logging toggle-subscriber-updates
      trigger-elicitation-request trigger-sampling-request simulate-research-query`),
    trueFindings: [],
  },
  {
    package: '@modelcontextprotocol/server-memory',
    version: RELEASE,
    script: 'dist/index.js',
    sdk: SDK_V1,
    server: { name: 'memory-server', version: '0.6.3' },
    eras: ['2025'],
    stdio: { args: [], env: { MEMORY_FILE_PATH: '{folder}/memory.jsonl' } },
    called: words('read_graph search_nodes open_nodes'),
    leftAlone: words(`create_entities create_relations add_observations delete_entities delete_observations
      delete_relations`),
    trueFindings: [],
  },
  {
    package: '@modelcontextprotocol/server-filesystem',
    version: RELEASE,
    script: 'dist/index.js',
    sdk: SDK_V1,
    server: { name: 'secure-filesystem-server', version: '0.2.0' },
    eras: ['2025'],
    prepare: writeNotes,
    stdio: { args: ['.'] },
    called: words(`read_file read_text_file read_media_file read_multiple_files list_directory
      list_directory_with_sizes directory_tree search_files get_file_info list_allowed_directories`),
    leftAlone: words('write_file edit_file create_directory move_file'),
    trueFindings: [],
  },
  {
    package: '@modelcontextprotocol/server-sequential-thinking',
    version: RELEASE,
    atLeisure: true,
    script: 'dist/index.js',
    sdk: SDK_V1,
    server: { name: 'sequential-thinking-server', version: RELEASE },
    eras: ['2025'],
    stdio: { args: [] },
    called: ['sequentialthinking'],
    leftAlone: [],
    trueFindings: [],
  },
  {
    package: '@cyanheads/git-mcp-server',
    version: '2.15.3',
    script: 'dist/index.js',
    sdk: null,
    server: { name: '@cyanheads/git-mcp-server', version: '2.15.3' },
    eras: ['2025'],
    prepare: commitOneFile,
    stdio: { args: [], env: { MCP_TRANSPORT_TYPE: 'stdio' } },
    http: (port) => ({
      args: [],
      env: { MCP_TRANSPORT_TYPE: 'http', MCP_HTTP_PORT: String(port) },
      url: `http://127.0.0.1:${port}/mcp`,
    }),
    called: words(`git_blame git_changelog_analyze git_diff git_log git_reflog git_show git_status
      git_wrapup_instructions`),
    leftAlone:
      words(`git_add git_branch git_checkout git_cherry_pick git_clean git_clear_working_dir git_clone
      git_commit git_fetch git_init git_merge git_pull git_push git_rebase git_remote git_reset
      git_set_working_dir git_stash git_tag git_worktree`),
    trueFindings: [],
  },
  {
    package: '@upstash/context7-mcp',
    version: '4.1.1',
    script: 'dist/index.js',
    sdk: '@modelcontextprotocol/server',
    server: { name: 'Context7', version: '4.1.1' },
    eras: ['2025', '2026'],
    stdio: { args: [], env: NO_CONTEXT7 },
    http: (port) => ({
      args: ['--transport', 'http', '--port', String(port)],
      env: NO_CONTEXT7,
      url: `http://127.0.0.1:${port}/mcp`,
    }),
    called: words('resolve-library-id query-docs'),
    leftAlone: [],
    trueFindings: [],
  },
  {
    package: 'repomix',
    version: '1.14.0',
    atLeisure: true,
    script: 'bin/repomix.cjs',
    sdk: SDK_V1,
    server: { name: 'repomix-mcp-server', version: '1.14.0' },
    eras: ['2025'],
    prepare: writeNotes,
    stdio: { args: ['--mcp'] },
    called:
      words(`pack_codebase pack_remote_repository attach_packed_output read_repomix_output grep_repomix_output
      file_system_read_file file_system_read_directory`),
    leftAlone: words('generate_skill'),
    trueFindings: [],
  },
];

function writeNotes(folder: string): void {
  mkdirSync(join(folder, 'notes'));
  for (let i = 0; i < 20; i++) writeFileSync(join(folder, 'notes', `${i}.txt`), `Note ${i}\n`.repeat(50));
}

function commitOneFile(folder: string): void {
  writeFileSync(join(folder, 'readme.txt'), 'One file.\n');
  const git = ['-c', 'user.name=smoke', '-c', 'user.email=smoke@example.test'];
  for (const step of [
    ['init', '-q'],
    ['add', '.'],
    ['commit', '-qm', 'First'],
  ]) {
    execFileSync('git', [...git, ...step], { cwd: folder });
  }
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
