import { describe, expect, it } from 'vitest';
import { ModernHeaders } from '../../src/session/modern-headers.ts';

const headers = (): ModernHeaders => new ModernHeaders('2026-07-28');

describe('the headers of the 2026 era', () => {
  it('repeat version and method', () => {
    expect(headers().for('tools/list', {})).toEqual({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    });
  });

  it.each([
    ['tools/call', { name: 'add' }, 'add'],
    ['prompts/get', { name: 'greet' }, 'greet'],
    ['resources/read', { uri: 'docs://a b' }, 'docs://a b'],
    ['tools/call', { name: ' padded' }, '=?base64?IHBhZGRlZA==?='],
    ['tools/call', { name: 'größe' }, '=?base64?Z3LDtsOfZQ==?='],
    ['tools/call', { name: 'two\nlines' }, '=?base64?dHdvCmxpbmVz?='],
    ['tools/call', { name: '=?base64?eA==?=' }, '=?base64?PT9iYXNlNjQ/ZUE9PT89?='],
  ])('of %s with %j name %s', (method, params, name) => {
    expect(headers().for(method, params)['mcp-name']).toBe(name);
  });

  it('repeat the arguments that a tool’s schema asks for', () => {
    const made = headers();
    const inputSchema = {
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        page: {
          properties: {
            size: { type: 'integer', 'x-mcp-header': 'Size' },
            deep: { type: 'boolean', 'x-mcp-header': 'Deep' },
          },
        },
      },
    };
    made.learn({ tools: [{ name: 'find', inputSchema }, { name: 'other', inputSchema: {} }, null] });
    const sent = made.for('tools/call', { name: 'find', arguments: { region: 'eu', page: { size: 5 } } });
    expect(sent).toMatchObject({ 'mcp-param-region': 'eu', 'mcp-param-size': '5' });
    expect(sent).not.toHaveProperty('mcp-param-deep');
    expect(Object.keys(made.for('tools/call', { name: 'other', arguments: { region: 'eu' } }))).toHaveLength(
      3,
    );
  });
});
