import * as pulumi from "@pulumi/pulumi";
import type { Action } from "../action";
import { Rule, type RuleArgs } from "../rule";
import type { Sequence } from "../sequence";
import { Trigger } from "../trigger";

export type OnArgs = Omit<RuleArgs, "trigger" | "action">;

declare module "../trigger" {
    interface Trigger {
        /**
         * Runs an action whenever the trigger fires: a `Rule` below the trigger, named after both unless `args.name` says
         * otherwise. An action that is given as text needs that name.
         *
         * ```typescript
         * visit.on(greet);
         * ```
         */
        on(action: Action | Sequence | pulumi.Input<string>, args?: OnArgs, options?: pulumi.CustomResourceOptions): Rule;
    }
}

Trigger.prototype.on = function on(this: Trigger, action, args = {}, options = {}) {
    const resource = pulumi.CustomResource.isInstance(action) ? (action as Action | Sequence) : undefined;
    const { name } = args;
    const own = resource === undefined ? (typeof name === "string" ? name : undefined) : `${logicalName(this)}-${logicalName(resource)}`;
    if (own === undefined) throw new Error('A rule for an action that is given as text needs a name: trigger.on("/ns/action", { name: "..." }).');
    const rule = { ...args, trigger: this.fqn, action: resource === undefined ? (action as pulumi.Input<string>) : resource.fqn };
    return new Rule(own, { ...rule, name: name ?? own }, { parent: this, ...options });
};

/** The name the program gave a resource; the SDK keeps it, though not among what its types tell. */
function logicalName(resource: pulumi.Resource): string {
    return (resource as unknown as { __name: string }).__name;
}
