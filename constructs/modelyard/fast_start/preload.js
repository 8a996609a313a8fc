// Preloaded into jsii's Node process by node.py: modules are required at first use, type definitions read one by one.
// Whatever does not look as it did when this was written is left as it is. What is said of cdktf is true of cdktn too.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

// A provider's index requires all of its modules, up to 1,500. Its exports become getters that require them.
const PROVIDER_INDEX = /[\\/]node_modules[\\/]@cdkt[fn][\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/;
const MODULE_EXPORT = /^exports\.(\w+) = (?:require|__importStar\(require)\("(\.[^"]+)"\)\)?;$/gm;
// Newer ones hand each module to a helper, which asks whether it is an ES module, as it is, and gives it back.
const HELPERS =
  /^var (__createBinding|__setModuleDefault|__importStar) = \(this && this\.\1\) \|\| \([^]*?^}\)(\(\)|\))?;$/gm;
const BOILERPLATE =
  /^("use strict";|( \*|\/\*\*|\/\/).*|(exports\.\w+ = )+void 0;|Object\.defineProperty\(exports, "__esModule", .*)$/gm;

// cdktf needs these two for zipped assets and for a stack with moved resources only; they are half of its load time.
const SELDOM_USED = {
  __proto__: null,
  archiver: /[\\/]node_modules[\\/]cdkt[fn][\\/]lib[\\/]private[\\/]fs\.js$/,
  semver: /[\\/]node_modules[\\/]cdkt[fn][\\/]lib[\\/]validations[\\/]validate-binary-version\.js$/,
};

// Two thirds of every generated file are a source map that Node does not look at, but keeps in memory with the source.
const GENERATED = /[\\/]node_modules[\\/](@cdkt[fn][\\/]provider-[^\\/]+|cdkt[fn])[\\/]lib[\\/]/;
const SOURCE_MAP = '\n//# sourceMappingURL=data:';

const loadScript = Module._extensions['.js'];
Module._extensions['.js'] = function (module, filename) {
  if (RUNTIME.test(filename)) return loadRuntime(module, filename);
  if (process.sourceMapsEnabled || !GENERATED.test(filename)) return loadScript(module, filename);
  const file = fs.readFileSync(filename);
  const mapStart = file.lastIndexOf(SOURCE_MAP);
  let source = file.toString('utf8', 0, mapStart === -1 ? file.length : mapStart);
  if (RESOLVE.test(filename)) for (const [before, after] of SHORTCUTS) source = source.replace(before, after);
  if (!PROVIDER_INDEX.test(filename) || !exportLazily(module, source)) module._compile(source, filename);
  if (STACK_TRACE.test(filename)) module.exports.captureStackTrace = captureStackTrace;
};

function exportLazily(module, source) {
  const unknown = [HELPERS, MODULE_EXPORT, BOILERPLATE].reduce((rest, known) => rest.replace(known, ''), source);
  if (unknown.trim() !== '') return false;
  Object.defineProperty(module.exports, '__esModule', { value: true });
  for (const [, name, path] of source.matchAll(MODULE_EXPORT)) {
    const get = () => {
      const value = module.require(path);
      Object.defineProperty(module.exports, name, { value, writable: true });
      return value;
    };
    Object.defineProperty(module.exports, name, { configurable: true, enumerable: true, get });
  }
  return true;
}

// cdktf resolves a stack three times, each text and each name in a context of its own; but few have one of the forms of
// a token (see tokens/private/encoding.js), and most attributes are not set, which are left out in the end.
const RESOLVE = /[\\/]node_modules[\\/]cdkt[fn][\\/]lib[\\/]tokens[\\/]private[\\/]resolve\.js$/;
const IS_PLAIN = String((text) => !/TfToken\[|Map Token Value|[-|\d.+]e[-|\d.eE+]/.test(text));
const SHORTCUTS = [
  [/^(?=function resolve\(obj, options\) \{$)/m, `const isPlain = ${IS_PLAIN};\n`],
  [/^ {8}(?=let str = obj;$)/m, '$&if (isPlain(obj)) return obj;\n        '],
  [/^ {4}for \(const key of Object\.keys\(obj\)\) \{$/m, '$&\n        if (obj[key] === undefined && isPlain(key)) continue;'],
  [/(?<=^ {8}const resolvedKey = )(?=makeContext\(\)\[0\]\.resolve\(key\);$)/m, 'isPlain(key) ? key : '],
];

// cdktf records where each token was made, for the message of an error that seldom comes: the text of it can wait.
const STACK_TRACE = /[\\/]node_modules[\\/]cdkt[fn][\\/]lib[\\/]tokens[\\/]private[\\/]stack-trace\.js$/;

function captureStackTrace(below) {
  const trace = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Number.MAX_SAFE_INTEGER;
  Error.captureStackTrace(trace, below || captureStackTrace);
  Error.stackTraceLimit = limit;
  return new Proxy([], Object.assign(Object.create(LINES), { trace }));
}

const LINES = {}; // a proxy's traps: whatever is asked of the lines, they are written first
for (const trap of Object.getOwnPropertyNames(Reflect)) {
  LINES[trap] = function (lines, ...rest) {
    if (this.trace) {
      lines.push(...this.trace.stack.split('\n').slice(1).map((line) => line.replace(/^\s*at\s+/, '')));
      this.trace = undefined;
    }
    return Reflect[trap](lines, ...rest);
  };
}

const load = Module._load;
Module._load = function (request, parent, isMain) {
  if (!SELDOM_USED[request]?.test(parent?.filename)) return load(request, parent, isMain);
  const loaded = () => load(request, parent, isMain);
  return new Proxy(function () {}, {
    apply: (_, self, args) => Reflect.apply(loaded(), self, args),
    get: (_, name) => loaded()[name],
  });
};

// jsii reads a package's file of type definitions as one buffer (26 MB for google), then asks it for single lines.
const TYPE_DEFINITIONS = '.jsii.runtime-defs.v1.jsonl';
const readFileSync = fs.readFileSync;
fs.readFileSync = function (path, ...options) {
  if (options.length > 0 || !String(path).endsWith(TYPE_DEFINITIONS)) return readFileSync(path, ...options);
  const file = fs.openSync(path);
  return {
    toString(encoding, start, end) {
      const line = Buffer.allocUnsafe(end - start);
      fs.readSync(file, line, 0, line.length, start);
      return line.toString(encoding);
    },
  };
};

// For a package's checksum jsii reads it in new 16 kB buffers, 31 MB for google, that would stay till the heap is full.
const CHUNK_BYTES = 16_384;
const readSync = fs.readSync;
let chunks = 0;
fs.readSync = function (file, buffer, ...range) {
  if (buffer.length === CHUNK_BYTES && ++chunks % 256 === 0) global.gc({ type: 'minor' });
  return readSync(file, buffer, ...range);
};

// Python may end without having read what it was told, killed perhaps. The socket to it says so by an error, where jsii's
// pipe would have an end, and with an error Node prints the line that it comes from: all of the runtime.
const TO_PYTHON = 3;
ends('readSync', () => 0);
ends('writeSync', (buffer, written) => buffer.length - written); // of no use to anybody; the next read says the end

function ends(name, done) {
  const call = fs[name];
  fs[name] = function (file, ...rest) {
    try {
      return call(file, ...rest);
    } catch (error) {
      if (file === TO_PYTHON && ['ECONNRESET', 'EPIPE'].includes(error.code)) return done(...rest);
      throw error;
    }
  };
}

// And it does so at each start. The checksum is kept beside Python's bytecode, for as long as the package's file stays
// what it was; where Python may not write there, it is not kept.
const RUNTIME = /[\\/]lib[\\/]program\.js$/;
const DIGEST = 'function digestFile(e,...p){return readFileChunks(e,()=>{},...p)}';
// As long as jsii's own: all of its runtime is one line, and an error's stack trace tells the column.
const KEPT_DIGEST = 'function(e,...p){return module.keptDigest(readFileChunks,e,p)}'.padEnd(DIGEST.length);

function loadRuntime(module, filename) {
  module.keptDigest = keptDigest;
  module._compile(fs.readFileSync(filename, 'utf8').replace(DIGEST, KEPT_DIGEST), filename);
}

function keptDigest(readFileChunks, file, comments) {
  const { dir, base } = path.parse(file);
  const kept = path.join(dir, '__pycache__', `${base}.digest.json`);
  const { size, mtimeNs, ctimeNs, ino } = fs.statSync(file, { bigint: true });
  const stamp = [size, mtimeNs, ctimeNs, ino, ...comments].join('\n');
  try {
    const found = JSON.parse(fs.readFileSync(kept, 'utf8'));
    if (found.stamp === stamp) return Buffer.from(found.digest, 'hex');
  } catch {} // There is none yet, or it is not whole.
  const made = readFileChunks(file, () => {}, ...comments);
  if (process.env.PYTHONDONTWRITEBYTECODE) return made;
  try {
    fs.writeFileSync(`${kept}.${process.pid}`, JSON.stringify({ stamp, digest: made.toString('hex') }));
    fs.renameSync(`${kept}.${process.pid}`, kept);
  } catch {} // As with bytecode: the next start takes longer.
  return made;
}

// After unpacking a package for the first time, jsii indexes its types in a worker, which takes seconds; a process that
// exits before would leave the next one to parse all of a provider's types again, and so would that one.
const workers = require('node:worker_threads');
let indexing = 0;
workers.Worker = class extends workers.Worker {
  constructor(...options) {
    super(...options);
    indexing += 1;
    this.once('exit', () => (indexing -= 1));
  }
};
const exit = process.exit;
process.exit = function (code) {
  if (indexing === 0) exit.call(process, code);
  process.exitCode = code; // Node ends by itself when the workers have
};
