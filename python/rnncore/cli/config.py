"""Show which backends work, on which instruction sets, with how many threads."""

import json

from ..configuration import configuration, show_config


def add_arguments(parser):
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(arguments):
    if arguments.json:
        print(json.dumps(configuration(), indent=2))
    else:
        show_config()
    return 0
