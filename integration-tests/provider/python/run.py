"""Runs the Python example by the Automation API, which needs no language host: `run.py FOLDER_OF_EXAMPLE`. Prints what each step did."""

import json
import sys

from pulumi import automation

sys.path.insert(0, sys.argv[1])
from entities import hello  # noqa: E402

stack = automation.create_or_select_stack("test", "hello-python", lambda: hello(sys.argv[1]))
preview = stack.preview()
up = stack.up()
again = stack.up()
outputs = {name: output.value for name, output in up.outputs.items()}
stack.destroy()
print(json.dumps({
    "preview": {str(getattr(op, "value", op)): count for op, count in preview.change_summary.items()},
    "up": up.summary.resource_changes,
    "again": again.summary.resource_changes,
    "outputs": outputs,
}))
