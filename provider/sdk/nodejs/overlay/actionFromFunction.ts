import type * as pulumi from "@pulumi/pulumi";
import { Action, type ActionArgs } from "../action";
import { functionSource } from "./functionSource";

/** What an action is handed: its parameters, and those of the call. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are any JSON values
export type Parameters = Record<string, any>;
export type FunctionArgs = Omit<ActionArgs, "code" | "image" | "main">;

declare module "../action" {
    namespace Action {
        /**
         * An action made of a function of the program. It may use its arguments, the globals of Node, and modules it requires
         * itself; whatever it takes from around it is refused, since it does not exist where the action runs.
         *
         * ```typescript
         * const greet = openwhisk.Action.fromFunction("greet", ({ greeting, name }) => ({ text: `${greeting}, ${name}!` }), {
         *     parameters: { greeting: "Hello" },
         * });
         * ```
         *
         * @throws FunctionError that names what the function takes from around it
         */
        function fromFunction(
            name: string,
            callback: (parameters: Parameters) => unknown,
            args?: FunctionArgs,
            options?: pulumi.CustomResourceOptions,
        ): Action;
    }
}

Action.fromFunction = (name, callback, args = {}, options) =>
    new Action(name, { kind: "nodejs:default", ...args, code: functionSource(callback) }, options);
