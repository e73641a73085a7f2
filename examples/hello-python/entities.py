"""The entities of the example."""

import pulumi
import pulumi_openwhisk as openwhisk


def hello(folder: str = ".") -> None:
    """Declares them. The code of the action is in `folder`."""
    package = openwhisk.Package("hello", parameters={"greeting": "Hello"})
    greet = openwhisk.Action(
        "greet",
        package=package.name,
        code=pulumi.FileAsset(f"{folder}/greet.js"),
        parameters={"token": pulumi.Output.secret("not-much-of-a-secret")},
        limits=openwhisk.ActionLimitsArgs(memory=128),
    )
    twice = openwhisk.Sequence("twice", components=[greet.fqn, greet.fqn])
    visit = openwhisk.Trigger("visit")
    openwhisk.Rule("greet-visitors", trigger=visit.fqn, action=greet.fqn)
    pulumi.export("greet", greet.fqn)
    pulumi.export("twice", twice.fqn)
