"""Measure how fast this machine steps networks, in about two minutes."""


def add_arguments(parser):
    from .. import benchmark

    benchmark.add_arguments(parser)


def main(arguments):
    from .. import benchmark

    return benchmark.main(arguments)
