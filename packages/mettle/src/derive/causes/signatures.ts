import type { Frame } from '../../evidence/index.ts';
import { isInternal, packageOf } from '../frames.ts';

/** What spends main-thread time, as findings name it. */
export type Cause =
  | 'schema-compiled-per-call'
  | 'large-json-parse'
  | 'large-json-stringify'
  | 'hash-on-main-thread'
  | 'regex-backtracking'
  | 'deep-clone-per-call'
  | 'sync-file-io'
  | 'sync-child-process'
  | 'gc-pressure'
  | 'module-loaded-per-call';

/** The frame of a stack (counted from the innermost) that tells the cause, and what it is called. */
export interface Signature {
  readonly cause: Cause;
  readonly what: string;
  readonly index: number;
  /** The work was put off to the first use of what was asked for elsewhere. */
  readonly deferred?: boolean;
}

/** Libraries that compute hashes in JavaScript, or have a synchronous form, whatever the function is called. */
const HASHING =
  /^(?:bcryptjs|bcrypt-ts|bcrypt-nodejs|crypto-js|@noble\/hashes|hash\.js|sha\.js|js-sha\d+|js-md5|md5|blueimp-md5|scrypt-js|hash-wasm|argon2-browser|pbkdf2)$/;
/** Native ones: their asynchronous form leaves hardly a frame on the main thread, their synchronous one is on it. */
const NATIVE_HASHING = /^(?:bcrypt|argon2|@node-rs\/(?:bcrypt|argon2)|@napi-rs\/bcrypt)$/;
const CLONING =
  /^(?:lodash\.clonedeep|rfdc|clone|clone-deep|klona|fast-copy|just-clone|@ungap\/structured-clone)$/;
const SCHEMAS =
  /^(?:zod|zod-v[34]|ajv|joi|@hapi\/joi|valibot|yup|superstruct|arktype|@ark\/\w+|@sinclair\/typebox|typebox|fastest-validator)$/;

/** Functions through which a finished schema is used. Whatever else an application calls makes a schema. */
const USING =
  /^(?:~?run|_?(?:safe)?(?:parse|decode|encode|assert|validate|check|cast|attempt)(?:async|sync)?|is\w*|spa|get\w*|errors\w*|flatten\w*|format\w*|treeify\w*|prettify\w*|tojson\w*|describe)$/i;
/** Steps of making a schema that are put off until its first use: zod 4's generated parser, ajv's compiler. */
const MAKING = /^(?:generateFastpass|normalizeDef|isRecursive|_addSchema|_compile\w*|compile|compileSchema)$/;
const MAKING_FILE =
  /[/\\]zod[/\\].*[/\\]doc\.[cm]?[jt]s$|[/\\]ajv[/\\](?:dist|lib)[/\\](?:compile|vocabularies)[/\\]/;
/** What ajv's generated validators call while they check. */
const USING_FILE =
  /[/\\]ajv[/\\](?:dist|lib)[/\\]runtime[/\\]|[/\\]zod[/\\].*[/\\](?:parse|errors|to-json-schema|json-schema\w*)\.[cm]?[jt]s$/;

/**
 * The outermost frame that names a cause: a module that is loaded reads files, parses JSON and builds schemas, and all
 * that is the loading's doing. Null when no frame does.
 */
export function signatureOf(stack: readonly Frame[]): Signature | null {
  // The server's own start loads modules too.
  if (stack.some((frame) => frame.file.startsWith('node:internal/main/'))) return null;
  let using: string | null = null;
  for (let index = stack.length - 1; index >= 0; index--) {
    const frame = stack[index] as Frame;
    if (isInternal(frame)) {
      const known = nodeSignature(frame, stack[index - 1]);
      if (known !== null) return { ...known, index };
      continue;
    }
    const owner = packageOf(frame.file);
    if (owner === null || !SCHEMAS.test(owner)) {
      using = null;
      const known = owner === null ? null : librarySignature(frame, owner);
      if (known !== null) return { ...known, index };
    } else if (using !== owner && !isUsing(frame))
      return { cause: 'schema-compiled-per-call', what: owner, index };
    else if (MAKING.test(lastName(frame)) || MAKING_FILE.test(frame.file))
      return { cause: 'schema-compiled-per-call', what: owner, index, deferred: true };
    else using = owner;
  }
  return null;
}

function isUsing(frame: Frame): boolean {
  return USING_FILE.test(frame.file) || USING.test(lastName(frame));
}

function librarySignature(frame: Frame, owner: string): Omit<Signature, 'index'> | null {
  const name = lastName(frame);
  if (HASHING.test(owner) || (NATIVE_HASHING.test(owner) && name.endsWith('Sync')))
    return { cause: 'hash-on-main-thread', what: owner };
  const cloning =
    CLONING.test(owner) ||
    (/^lodash(?:-es)?$/.test(owner) && /^(?:cloneDeep|cloneDeepWith|baseClone)$/.test(name)) ||
    (owner === 'ramda' && /^_?clone$/.test(name));
  return cloning
    ? { cause: 'deep-clone-per-call', what: owner.startsWith('lodash') ? `${owner} cloneDeep` : owner }
    : null;
}

const CHILD = /^(?:execSync|execFileSync|spawnSync)$/;
const CRYPTO_FILE = /^node:internal\/crypto\/(?:hash|pbkdf2|scrypt|hkdf|argon2|keygen|random|sig)$/;
const CRYPTO =
  /^(?:(?:pbkdf2|scrypt|hkdf|argon2|generateKeyPair|generatePrime|checkPrime)Sync|hash|update|digest|sign|verify|signOneShot|verifyOneShot)$/;

function nodeSignature(frame: Frame, inner: Frame | undefined): Omit<Signature, 'index'> | null {
  const name = lastName(frame);
  const { file } = frame;
  if (file.startsWith('node:internal/modules/'))
    return { cause: 'module-loaded-per-call', what: file.includes('/esm/') ? 'import()' : 'require' };
  // spawnSync called by execFileSync is not what the application wrote; the outermost comes first.
  if (file === 'node:child_process' && CHILD.test(name)) return { cause: 'sync-child-process', what: name };
  if (/^node:(?:internal\/)?fs(?:\/|$)/.test(file) && name.endsWith('Sync'))
    return { cause: 'sync-file-io', what: name };
  if (CRYPTO_FILE.test(file) && CRYPTO.test(name)) return { cause: 'hash-on-main-thread', what: name };
  if (name === 'structuredClone') return { cause: 'deep-clone-per-call', what: name };
  // Response.json() and its like.
  if (name === 'parseJSONFromBytes') return { cause: 'large-json-parse', what: 'JSON.parse' };
  if (file === '' && inner === undefined && frame.function.startsWith('RegExp: '))
    return { cause: 'regex-backtracking', what: frame.function.slice('RegExp: '.length) };
  return null;
}

/** `update` of `Hash.update`, `value` of `get value`. */
function lastName(frame: Frame): string {
  return /([\w$~]+)[\])]*$/.exec(frame.function)?.[1] ?? '';
}
