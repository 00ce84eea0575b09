# Calls one function of a Python fixture, inside of the box. The input comes on stdin together with a word that nobody else
# knows; the result goes out on a channel of its own, framed by that word. What is expected never gets here.
import json
import os
import sys


def main():
    # Taken before any foreign code runs, so that nothing it replaces is used for the result.
    write, leave, dumps = os.write, os._exit, json.JSONEncoder(allow_nan=False).encode
    descriptor = os.environ.pop("ORKET_RESULT_FD", None)
    path = os.environ.pop("ORKET_RESULT_FILE", None)
    channel = int(descriptor) if descriptor is not None else os.open(path, os.O_WRONLY | os.O_APPEND)
    os.set_inheritable(channel, False)
    task = json.loads(sys.stdin.buffer.read())
    nonce = task.pop("nonce")

    def end(frame):
        data = (nonce + " " + frame + "\n").encode("utf-8", "backslashreplace")
        while data:
            data = data[write(channel, data) :]
        leave(0)

    try:
        value = call(task)
        frame = dumps({"value": value})
    except BaseException as error:
        end(dumps({"error": describe(error)}))
    end(frame)


def describe(error):
    try:
        return (type(error).__name__ + ": " + str(error))[:1000].encode("utf-8", "replace").decode()
    except BaseException:
        return "an exception that cannot be shown"


def call(task):
    import asyncio
    import importlib.util
    import inspect

    fixture = task["fixture"]
    sys.path[:0] = [os.path.dirname(fixture), task["workspace"]]
    spec = importlib.util.spec_from_file_location("orket_fixture", fixture)
    module = importlib.util.module_from_spec(spec)
    sys.modules["orket_fixture"] = module
    spec.loader.exec_module(module)
    for name in task["functions"]:
        function = getattr(module, name, None)
        if callable(function):
            value = function(task["input"])
            return asyncio.run(value) if inspect.iscoroutine(value) else value
    raise LookupError("the fixture has no function " + " and no function ".join(task["functions"]))


main()
