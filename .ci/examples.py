"""Holds every example of the OpenAPI document against its schema. The argument is the document."""

import json
import sys

import jsonschema_rs

(path,) = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    document = json.load(file)
held = 0


def hold(name, holder):
    global held
    if "example" in holder and "schema" in holder:
        schema = {**holder["schema"], "components": document["components"]}
        faults = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(holder["example"])]
        assert not faults, (name, holder["example"], faults)
        held += 1


for methods in document["paths"].values():
    for operation in methods.values():
        name = operation["operationId"]
        for parameter in operation.get("parameters", []):
            hold(f"{name} {parameter['name']}", parameter)
        for part in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for content in part.get("content", {}).values():
                hold(name, content)
for content in document["components"]["responses"]["Problem"]["content"].values():
    hold("Problem", content)
assert held > 50, held
print(f"{held} examples are as their schemas say")
