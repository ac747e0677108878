"""Evaluates a file of expressions, one a line, with a file of variables by
Ansible's own engine, and writes what they come to as JSON."""

import json
import sys

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template


def evaluate(templar, expression):
    try:
        value = templar.template(trust_as_template("{{ " + expression + " }}"))
        # Exotic values are told apart from text by failing here.
        return {"value": json.loads(json.dumps(value))}
    except Exception as error:  # Ansible has no one type for them.
        print(f"{expression}\n    {error!s}".replace("\n", "\n    "), file=sys.stderr)
        return {"error": True}


def main():
    init_plugin_loader([])
    with open(sys.argv[1], encoding="utf-8") as file:
        templar = Templar(loader=DataLoader(), variables=json.load(file))
    with open(sys.argv[2], encoding="utf-8") as file:
        lines = [line.rstrip("\n").replace("⏎", "\n") for line in file]
    found = {line: evaluate(templar, line) for line in lines if line and not line.startswith("#")}
    json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


main()
