/** A function cannot be deployed as an action. The message says why, and what to do instead. */
export class FunctionError extends Error {
    override readonly name = "FunctionError";
}

interface ParsedFunction {
    funcExprWithoutName: string;
    capturedVariables: { required: Map<string, unknown>; optional: Map<string, unknown> };
    usesNonLexicalThis: boolean;
}
type Parse = (text: string) => [error: string, parsed?: ParsedFunction];

/** What every module of Node has without being handed it. */
const OF_A_MODULE = new Set(["require", "module", "exports", "__dirname", "__filename"]);
/** Functions that compilers put beside a program whose target is older than what it is written in. */
const COMPILER_HELPER = /^(__awaiter|__generator|__rest|__spreadArray|__assign|_async_to_generator|_\w+_(helper|default))/;

/**
 * The source of a function that needs nothing but its arguments, the globals of Node and `require`. What it takes from around it
 * does not exist where the action runs, and could be a secret, so it is refused by name.
 */
export function functionSource(callback: Function): string {
    // Needs the TypeScript compiler of the SDK, which takes long to load: only programs with such actions pay for it.
    const { parseFunction } = require("@pulumi/pulumi/runtime/closure/parseFunction") as { parseFunction: Parse };
    const [problem, parsed] = parseFunction(callback.toString());
    if (parsed === undefined || problem) {
        throw new FunctionError(`The function cannot be made an action: ${problem} Write it as a function or an arrow function of its own.`);
    }
    if (parsed.usesNonLexicalThis) {
        throw new FunctionError("The function cannot be made an action: it uses \"this\", which is nothing where the action runs.");
    }
    const captured = [...parsed.capturedVariables.required.keys(), ...parsed.capturedVariables.optional.keys()];
    const foreign = captured.filter((name) => !OF_A_MODULE.has(name) && !(name in globalThis));
    const helper = foreign.find((name) => COMPILER_HELPER.test(name));
    if (helper !== undefined) {
        throw new FunctionError(`The function cannot be made an action: it was compiled to use the helper "${helper}"; set "target" to ES2022 in tsconfig.json.`);
    }
    if (foreign.length > 0) {
        const names = foreign.map((name) => `"${name}"`).join(", ");
        throw new FunctionError(
            `The function cannot be made an action: it uses ${names} from around it, which would put the value, a secret perhaps, into its code. ` +
                "Hand values over as parameters, where secrets stay secret, and require modules inside the function.",
        );
    }
    return `exports.main = ${parsed.funcExprWithoutName};\n`;
}
