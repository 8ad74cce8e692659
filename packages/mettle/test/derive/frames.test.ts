import { describe, expect, it } from 'vitest';
import { applicationFrame, formatPlace, homeOf, locationOf, packageOf } from '../../src/derive/frames.ts';
import { at, CWD, HASHING, inNode, inPackage, native } from '../builders/frames.ts';

const home = homeOf({ cwd: CWD, command: ['node', 'src/server.js'] });

describe('the application frame', () => {
  it('is the innermost one of the server itself, not of the library that it called', () => {
    expect(applicationFrame(HASHING, home)?.function).toBe('hashPassword');
    expect(
      applicationFrame([inPackage('parse', 'zod/v4/core/parse.js'), at('check', 'src/a.js', 3)], home)
        ?.function,
    ).toBe('check');
  });

  it('is the innermost of the dependencies when nothing else is there, and none in Node alone', () => {
    expect(
      applicationFrame(
        [
          native('run'),
          inNode('x', 'fs'),
          inPackage('parse', 'zod/index.js'),
          inPackage('emit', 'sdk/index.js'),
        ],
        home,
      )?.function,
    ).toBe('parse');
    expect(applicationFrame([native('run'), inNode('x', 'fs')], home)).toBeUndefined();
    expect(applicationFrame([], home)).toBeUndefined();
  });

  const published = [
    inPackage('parse', 'zod/index.js'),
    inPackage('readGraph', '@modelcontextprotocol/server-memory/dist/index.js'),
    inPackage('handle', '@modelcontextprotocol/sdk/dist/index.js'),
  ];
  it.each([
    ['npx', ['npx', '-y', '@modelcontextprotocol/server-memory']],
    ['npx with a version', ['npx', '-y', '@modelcontextprotocol/server-memory@2026.8.31']],
    ['a path', ['node', './node_modules/@modelcontextprotocol/server-memory/dist/index.js']],
  ])('is the published server itself when it is started by %s', (_how, command) => {
    expect(applicationFrame(published, homeOf({ cwd: CWD, command }))?.function).toBe('readGraph');
  });

  it('is found in a server whose own folder lies in node_modules', () => {
    const inside = homeOf({ cwd: `${CWD}/node_modules/some-server`, command: ['node', 'index.js'] });
    const stack = [
      inPackage('parse', 'some-server/node_modules/zod/index.js'),
      inPackage('serve', 'some-server/index.js'),
    ];
    expect(applicationFrame(stack, inside)?.function).toBe('serve');
  });
});

it.each([
  [['node', '--import', 'tsx', 'src/server.ts']],
  [['npx', 'tsx', 'src/server.ts']],
  [['node', '/srv/shop/node_modules/tsx/dist/cli.mjs', 'src/server.ts']],
  [['node_modules/.bin/tsx', 'src/server.ts']],
  [['node', '-r', '@swc-node/register', 'src/server.ts']],
])('a program that runs the server is not the server: %j', (command) => {
  const { packages } = homeOf({ cwd: CWD, command });
  expect(packages.filter((name) => /tsx|swc/.test(name))).toEqual([]);
});

it('a location leaves out what is not known', () => {
  expect(locationOf([{ function: '(anonymous)', file: `${CWD}/a.js`, line: 4, column: 0 }], home)).toEqual({
    file: `${CWD}/a.js`,
    line: 4,
  });
  expect(locationOf([{ function: 'f', file: `${CWD}/a.js`, line: 0, column: 0 }], home)).toBeUndefined();
});

it('places are shown relative to the folder, or from their package on', () => {
  expect(formatPlace({ file: `${CWD}/src/a.js`, line: 4 }, CWD)).toBe('src/a.js:4');
  expect(formatPlace({ file: '/other/node_modules/zod/a.js', line: 4 }, CWD)).toBe('zod/a.js:4');
  expect(formatPlace({ file: '/srv/shopping/a.js', line: 4 }, CWD)).toBe('/srv/shopping/a.js:4');
  expect(formatPlace({ file: 'C:\\shop\\src\\a.js', line: 4 }, 'C:\\shop')).toBe('src/a.js:4');
});

it('packages are told from paths on every platform', () => {
  expect(packageOf('/a/node_modules/x/node_modules/@s/y/i.js')).toBe('@s/y');
  expect(packageOf('C:\\a\\node_modules\\@s\\y\\i.js')).toBe('@s/y');
  expect(packageOf('/a/src/i.js')).toBeNull();
});
