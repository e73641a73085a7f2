import { relative, resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import * as openwhisk from 'pulumi-openwhisk';

export interface HelloArgs {
  /** What the greeting begins with. */
  greeting: pulumi.Input<string>;
  /** A secret the nodejs action gets as a parameter. */
  token: pulumi.Input<string>;
}

export interface Hello {
  greet: openwhisk.Action;
  count: openwhisk.Action;
  visit: openwhisk.Trigger;
}

/** Path of a file beside this one as the program's folder sees it, so that no absolute path gets into the state. */
function here(path: string): string {
  return relative(process.cwd(), resolve(__dirname, path)) || '.';
}

/** The entities of the example: a package with two actions, and a trigger that runs one of them through a rule. */
export function hello(args: HelloArgs, options: pulumi.CustomResourceOptions = {}): Hello {
  const parameters = { greeting: args.greeting };
  const hello = new openwhisk.Package('hello', { parameters, annotations: { description: 'A first look' } }, options);

  const greet = new openwhisk.Action(
    'greet',
    {
      package: hello.name,
      kind: 'nodejs:default',
      // A folder with a package.json; a preview names the files of it that changed.
      code: new pulumi.asset.FileArchive(here('greet')),
      parameters: { token: pulumi.secret(args.token) },
      annotations: { description: 'Greets by name' },
      limits: { timeout: 10_000, memory: 128 },
    },
    options,
  );

  const count = new openwhisk.Action(
    'count',
    {
      package: hello.name,
      kind: 'python:default',
      code: new pulumi.asset.FileAsset(here('count.py')),
      annotations: { description: 'Counts the words of a text' },
    },
    options,
  );

  const visit = new openwhisk.Trigger('visit', { parameters: { text: 'somebody came by' } }, options);
  new openwhisk.Rule('count-visits', { trigger: visit.fqn, action: count.fqn }, options);
  return { greet, count, visit };
}
