// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of manifests look like those of templates
import type { AdoptedEntity, Adoption } from './adoptedEntity';
import { archiveCode } from './codeFiles';
import { ManifestSettings } from './manifestSettings';
import { readInput } from './manifestShape';
import { programResources, programText } from './program';
import { Expression, printString, printValue } from './programValue';
import { camelCase, SecretValues } from './secretValues';

describe('values of a program', () => {
  it.each(["it's", 'say "hi"', `both ' and "`, 'line\nbreak', 'back\\slash', 'a\u2028b', '`${x}`', ''])(
    'prints %j so that it is read back',
    (text) => {
      // biome-ignore lint/security/noGlobalEval: what is printed is a program
      expect(eval(printString(text))).toBe(text);
    },
  );

  it('prints maps and lists, short ones on one line, whatever their keys are called', () => {
    const value = { a: 1, 'b-c': [true, null, 'x'], __proto__: 2, code: new Expression('config.require("x")') };
    expect(printValue(JSON.parse('{"a":1,"b-c":[true,null,"x"],"__proto__":{"x":1}}'), 0)).toBe(
      "{ a: 1, 'b-c': [true, null, 'x'], ['__proto__']: { x: 1 } }",
    );
    expect(printValue({ x: value.code }, 0)).toBe('{ x: config.require("x") }');
    expect(printValue({ long: 'x'.repeat(150) }, 0)).toBe(`{\n  long: '${'x'.repeat(150)}',\n}`);
  });
});

describe('the names of resources', () => {
  const action = (name: string, packageName?: string, inputs: AdoptedEntity['inputs'] = {}): AdoptedEntity => ({
    type: 'Action',
    place: { namespace: 'ns', name, ...(packageName === undefined ? {} : { package: packageName }) },
    inputs,
  });
  const adoption: Adoption = { projectName: 'p', origin: 'here', entities: [], warnings: [] };

  it('differ where entities of one name are in several packages, and are variables', () => {
    const entities: AdoptedEntity[] = [
      { type: 'Package', place: { namespace: 'ns', name: 'delete' }, inputs: {} },
      action('run'),
      action('run', 'delete'),
      action('1st'),
      action('a b'),
      action('a-b'),
      { type: 'Trigger', place: { namespace: 'ns', name: 'run' }, inputs: {} },
    ];
    const resources = programResources(entities);
    expect(resources.map(({ logicalName }) => logicalName)).toEqual(['delete', '1st', 'a b', 'a-b', 'run', 'delete-run', 'run']);
    const variables = resources.map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    for (const variable of variables) expect(variable).toMatch(/^[A-Za-z_$][\w$]*$/);
    expect(variables).not.toContain('delete');
  });

  it('are used where one entity refers to another, also when a sequence comes before its parts by name', () => {
    const sequence = (name: string, components: string[]): AdoptedEntity => ({
      type: 'Sequence',
      place: { namespace: 'ns', name },
      inputs: { components },
    });
    const entities = [sequence('a', ['/ns/b', '/_/x', '/other/x']), sequence('b', ['/ns/x']), action('x')];
    const text = programText(adoption, programResources(entities), new Set());
    expect(text).toContain(
      "const b = new openwhisk.Sequence('b', { components: [x.fqn] });\nnew openwhisk.Sequence('a', { components: [b.fqn, x.fqn, '/other/x'] });",
    );
  });

  it('do not make a circle of what can only be a circle', () => {
    const sequence = (name: string, to: string): AdoptedEntity => ({
      type: 'Sequence',
      place: { namespace: 'ns', name },
      inputs: { components: [`/ns/${to}`] },
    });
    const text = programText(adoption, programResources([sequence('a', 'b'), sequence('b', 'a')]), new Set());
    expect(text.match(/new openwhisk.Sequence/g)).toHaveLength(2);
    expect(text).toContain("'/ns/a'");
  });
});

describe('code of an archive', () => {
  const files = (...paths: string[]) => new Map(paths.map((path) => [path, Buffer.from(path)]));
  it('is a folder where a folder can hold it, and stays an archive otherwise', () => {
    const packed = Buffer.from('zip');
    expect(archiveCode(files('index.js', 'lib/a.js'), packed).form).toBe('folder');
    for (const paths of [['../out.js'], ['/etc/x'], ['.git/HEAD'], ['a.js', 'A.js'], ['a', 'a/b'], ['x\\y']]) {
      expect(archiveCode(files(...paths), packed)).toEqual({ form: 'zip', content: packed });
    }
    expect(archiveCode(files(...Array.from({ length: 500 }, (_, index) => `f${index}`)), packed).form).toBe('zip');
  });
});

describe('variables of a manifest', () => {
  const settings = new ManifestSettings({ HERE: 'set', EMPTY: '' });
  const code = (text: string, known?: Map<string, string>) => {
    const value = settings.value(text, known);
    return value instanceof Expression ? value.code : value;
  };

  it('become settings, secret ones by their names, and inputs of the package fill in', () => {
    expect(code('$HERE')).toBe("setting('HERE')");
    expect(code('${API_TOKEN}')).toBe("secretSetting('API_TOKEN')");
    expect(code('http://${HOST}:${PORT}/`x`')).toBe("pulumi.interpolate`http://${setting('HOST')}:${setting('PORT')}/\\`x\\``");
    expect(code('$${LITERAL}')).toBe('${LITERAL}');
    expect(code('price: $5')).toBe('price: $5');
    expect(code('$')).toBe('$');
    expect(code('${greeting} you', new Map([['greeting', 'Hi']]))).toBe('Hi you');
    expect([...settings.used].sort()).toEqual(['API_TOKEN', 'HERE', 'HOST', 'PORT']);
  });

  it('are looked up at once in names', () => {
    expect(settings.name('pre_${HERE}')).toBe('pre_set');
    expect(settings.name('${EMPTY}x')).toBe('x');
    expect(() => settings.name('$NOWHERE')).toThrow('set NOWHERE and run this again');
  });
});

it.each([
  ['hello', { value: 'hello', type: undefined, required: false }],
  ['string', { value: undefined, type: 'string', required: false }],
  [
    { type: 'integer', default: 3 },
    { value: 3, type: 'integer', required: false },
  ],
  [
    { value: 1, default: 2 },
    { value: 1, type: undefined, required: false },
  ],
  [
    { type: 'string', required: true },
    { value: undefined, type: 'string', required: true },
  ],
  [
    { type: 'json', value: '{"a":1}' },
    { value: { a: 1 }, type: 'json', required: false },
  ],
  [
    { type: 'car', wheels: 4 },
    { value: { type: 'car', wheels: 4 }, type: undefined, required: false },
  ],
  [{}, { value: {}, type: undefined, required: false }],
])('reads the input %j of a manifest', (declared, expected) => expect(readInput(declared)).toEqual(expected));

it('keeps what looks like a secret out of a program, under keys of its own', () => {
  const secrets = new SecretValues();
  const place = { package: 'hello', name: 'greet-all' };
  expect(secrets.looksSecret(['parameters', 'apiKey'], 'x')).toBe(true);
  expect(secrets.looksSecret(['parameters', 'nested', 'password'], 'x')).toBe(true);
  expect(secrets.looksSecret(['parameters', 'url'], 'postgres://app:hunter2@db')).toBe(true);
  for (const value of ['', 5, true, null]) expect(secrets.looksSecret(['parameters', 'token'], value)).toBe(false);
  expect(secrets.looksSecret(['limits', 'tokens'], 'x')).toBe(false);
  expect(secrets.take('one', place, ['parameters', 'api-key']).code).toBe("config.requireSecret('helloGreetAllApiKey')");
  expect(secrets.take({ a: 1 }, place, ['initParameters', 'apiKey']).code).toBe("config.requireSecretObject('helloGreetAllApiKey2')");
  expect(camelCase(['x.y', 'Z_1'])).toBe('xYZ1');
});
