import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parse } from 'yaml';

/**
 * Runs the shell steps of a composite action one after the other as a runner would: inputs with their defaults, expressions,
 * conditions, outputs, the runner's files; with `only` some of them, `outputs` being those of the others. Steps that use other actions are not run, but told with what they were given.
 */
export async function runSteps(folder, { inputs, context, env, cwd, temp, only, outputs = {} }) {
  const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8'));
  const unknown = Object.keys(inputs).find((name) => !(name in action.inputs));
  if (unknown !== undefined) throw new Error(`the action has no input ${unknown}`);
  const known = { ...context, inputs: {}, steps: earlier(outputs) };
  for (const [name, { default: usual, required }] of Object.entries(action.inputs)) {
    if (required && inputs[name] === undefined) throw new Error(`the action needs ${name}`);
    known.inputs[name] = inputs[name] ?? filled(String(usual ?? ''), known);
  }
  const ran = [];
  for (const step of action.runs.steps) {
    if (step.if !== undefined && !holds(step.if, known)) continue;
    if (only !== undefined && !only.includes(step.name)) continue;
    const given = Object.fromEntries(
      Object.entries(step.env ?? step.with ?? {}).map(([name, value]) => [
        name,
        filled(String(value), known),
      ]),
    );
    if (step.uses !== undefined) {
      ran.push({ name: step.name, uses: step.uses, with: given });
      continue;
    }
    // What an expression puts into the text of a script could be a command: there must be none.
    if (step.run.includes('${{')) throw new Error(`step ${step.name} has an expression in its script`);
    const done = await shell(step, given, { folder, env, cwd, temp, known });
    if (step.id !== undefined) known.steps[step.id] = { outputs: done.outputs };
    ran.push({ name: step.name, ...done });
    if (done.code !== 0) break;
  }
  const told = Object.entries(action.outputs).map(([name, { value }]) => [name, filled(value, known)]);
  return { ran, outputs: Object.fromEntries(told) };
}

/** What steps that are not run again had put out. */
function earlier(outputs) {
  return Object.fromEntries(Object.entries(outputs).map(([id, values]) => [id, { outputs: values }]));
}

async function shell(step, given, { folder, env, cwd, temp, known }) {
  const files = mkdtempSync(join(temp, 'step-'));
  const file = (name) => {
    writeFileSync(join(files, name), '');
    return join(files, name);
  };
  const output = file('output');
  const summary = file('summary');
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
    cwd: join(cwd, filled(step['working-directory'] ?? '.', known)),
    env: {
      ...env,
      PATH: `${dirname(process.execPath)}${delimiter}${env.PATH}`,
      GITHUB_ACTION_PATH: folder,
      GITHUB_WORKSPACE: cwd,
      GITHUB_OUTPUT: output,
      GITHUB_ENV: file('env'),
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: temp,
      ...given,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
  const [code] = await once(child, 'close');
  const outputs = Object.fromEntries(
    readFileSync(output, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { code, log, outputs, summary: readFileSync(summary, 'utf8') };
}

/** `${{ a.b.c }}` within a text. */
function filled(text, known) {
  return text.replaceAll(/\$\{\{\s*([^}]+?)\s*\}\}/g, (_whole, path) => String(valueOf(path, known)));
}

/** Equality and inequality with a text, joined by &&: all that the action's conditions need. */
function holds(condition, known) {
  return condition.split('&&').every((part) => {
    const [, path, sign, text] = /^\s*([\w.-]+)\s*(==|!=)\s*'([^']*)'\s*$/.exec(part) ?? [];
    if (path === undefined) throw new Error(`a condition that is not understood: ${part}`);
    return (String(valueOf(path, known)) === text) === (sign === '==');
  });
}

function valueOf(path, known) {
  return path.split('.').reduce((value, key) => value?.[key], known) ?? '';
}
